using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace AkkaAio.Routing;

/// <summary>The Sender of a shard's replies: the shard's ref, but that nobody can end the shard by it.</summary>
internal sealed class ShardRef(AioExt aio, IActorRef shard) : MinimalActorRef
{
    public override ActorPath Path => shard.Path;

    public override IActorRefProvider Provider => aio.System.Provider;

    public override IInternalActorRef Parent => ((IInternalActorRef)shard).Parent;

    /// <summary>Refused: a shard ends with the system. Without it its files could not be closed.</summary>
    public override void Stop() => aio.Log.Warning("{0} was asked to stop; it ends with the actor system, and not before", Path);

    public override void SendSystemMessage(ISystemMessage message) => AioRef.Forward(message, shard);

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is PoisonPill or Kill)
        {
            Stop();
        }
        else
        {
            shard.Tell(message, sender);
        }
    }
}
