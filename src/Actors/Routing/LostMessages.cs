using Akka.Actor;
using Akka.Event;
using AkkaAio.Files;
using AkkaAio.Shards;

namespace AkkaAio.Routing;

/// <summary>
/// Listens for dead letters on the publisher's own thread: commands that a stopped shard never saw get their reply, and buffers and
/// files in replies that nobody takes (an Ask that timed out, a requester that is gone) are given back.
/// </summary>
internal sealed class LostMessages(AioExt aio) : MinimalActorRef
{
    public override ActorPath Path { get; } = aio.Ref.Path / "lost-messages";

    public override IActorRefProvider Provider => aio.System.Provider;

    public static void Subscribe(AioExt aio)
    {
        var listener = new LostMessages(aio);
        aio.System.EventStream.Subscribe(listener, typeof(DeadLetter));
        aio.System.EventStream.Subscribe(listener, typeof(UnhandledMessage));
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        switch (message)
        {
            case DeadLetter letter when IsOurs(letter.Recipient):
                OnLostCommand(letter.Message, letter.Sender);
                break;
            case DeadLetter letter:
                OnLostReply(letter.Message);
                break;
            case UnhandledMessage unhandled:
                OnLostReply(unhandled.Message);
                break;
            default:
                break;
        }
    }

    private bool IsOurs(IActorRef recipient) =>
        recipient.Equals(aio.Manager) || aio.Shards.Any(shard => recipient.Equals(shard.Ref));

    private void OnLostReply(object message)
    {
        switch (message)
        {
            case Aio.ReadCompleted read when read.Command.File.Aio == aio:
                read.Buffer.Dispose();
                break;
            case Aio.Opened opened when opened.File.Aio == aio:
                aio.Ref.Tell(new Aio.Close(opened.File), ActorRefs.Nobody);
                break;
            default:
                break;
        }
    }

    private void OnLostCommand(object message, IActorRef? requester)
    {
        switch (message)
        {
            case Aio.Command command:
                Reply(requester, command);
                break;
            case ShardBatch batch:
                foreach (var transfer in batch.Transfers.Span)
                {
                    Reply(requester, transfer);
                }

                break;
            case Aio.Batch batch:
                foreach (var command in batch.Commands.Span)
                {
                    Reply(requester, command);
                }

                break;
            case OpenDone done:
                _ = AioExt.ErrorOf(() => done.File?.Release());
                if (done.Opening.TryClaim())
                {
                    Reply(done.Opening.Requester, done.Opening.Open, AioOutcome.MayHaveHappened); // it may have made or emptied the file
                }

                break;
            case BlockingDone done:
                done.Slot.ReleaseMemory(); // it has been answered as the shard stopped
                _ = AioExt.ErrorOf(done.Slot.Lane.File.Open.LetGoAtEnd);
                break;
            case FileBarrier barrier when barrier.TryClaim():
                Reply(barrier.Requester, barrier.Command);
                break;
            default:
                break;
        }
    }

    // Guarded: this runs inside the publisher's loop over all of its letters.
    private void Reply(IActorRef? requester, Aio.Command command, AioOutcome outcome = AioOutcome.NotPerformed)
    {
        if (command is Aio.Cancel cancel)
        {
            requester?.Reply(new Aio.Canceled(cancel, found: false), ActorRefs.Nobody, aio.Log);
            return;
        }

        var path = (command as Aio.FileCommand)?.File.Path ?? (command as Aio.Open)?.Path;
        requester?.Reply(
            new Aio.CommandFailed(
                command, new AioAbortedException(command.Name, path, "the actor system has stopped"), outcome),
            ActorRefs.Nobody, aio.Log);
    }
}
