using Akka.Actor;

namespace AkkaAio.Tasks;

/// <summary>The requester of <see cref="AioExt.OpenAsync"/>: no actor, so the file gets no owner.</summary>
internal sealed class OpenReplyRef(AioExt aio, TaskCompletionSource<Aio.Event> reply) : MinimalActorRef
{
    public override ActorPath Path => aio.TaskPath;

    public override IActorRefProvider Provider => aio.System.Provider;

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is Aio.Event @event && !reply.TrySetResult(@event) && @event is Aio.Opened opened)
        {
            aio.Ref.Tell(new Aio.Close(opened.File), ActorRefs.Nobody); // cancelled meanwhile
        }
    }
}
