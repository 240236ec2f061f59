using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Telemetry;

namespace AkkaAio.Routing;

/// <summary>
/// One of our actors as its users see it: the Sender of its replies, and what it is identified as. It is the actor's ref, but cannot stop
/// the actor.
/// </summary>
internal sealed class GuardedRef(ActorSystem system, IActorRef actor) : MinimalActorRef
{
    public override ActorPath Path => actor.Path;

    public override IActorRefProvider Provider => ((ExtendedActorSystem)system).Provider;

    public override IInternalActorRef Parent => AkkaInternals.ParentOf(actor);

    /// <summary>Refused: the actor ends with the system. Without its shard a file could not be closed.</summary>
    public override void Stop() => SafeLog.Publish(system.EventStream, new Warning(
        Path.ToString(), typeof(GuardedRef), $"{Path} was asked to stop; it ends with the actor system, and not before"));

    public override void SendSystemMessage(ISystemMessage message) => AkkaInternals.ForwardDeathWatch(message, actor);

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is PoisonPill or Kill)
        {
            Stop();
        }
        else
        {
            actor.Tell(message, sender);
        }
    }
}
