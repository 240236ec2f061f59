using Akka.Actor;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Files;
using AkkaAio.Shards;

namespace AkkaAio.Routing;

/// <summary>
/// Listens for dead letters on the publisher's own thread: commands that a stopped shard never saw get their reply, and buffers and
/// files in replies that nobody takes (an Ask that timed out, a requester that is gone) are given back.
/// </summary>
/// <remarks>
/// A subscriber that throws keeps the letter from those behind it, and Akka swallows the exception. Commands must have their reply all the
/// same. So what tells our actors compares <see cref="Delivered"/>, and calls <see cref="Missed"/> for what was not delivered.
/// </remarks>
internal sealed class LostMessages(AioExt aio) : MinimalActorRef
{
    [ThreadStatic]
    private static int s_delivered;

    /// <summary>Counts what this thread has put into mailboxes of ours, and the dead letters to our actors that it has answered.</summary>
    public static int Delivered => s_delivered;

    public override ActorPath Path { get; } = aio.Ref.Path / "lost-messages";

    public override IActorRefProvider Provider => aio.System.Provider;

    public static LostMessages Subscribe(AioExt aio)
    {
        var listener = new LostMessages(aio);
        aio.System.EventStream.Subscribe(listener, typeof(DeadLetter));
        aio.System.EventStream.Subscribe(listener, typeof(UnhandledMessage));
        return listener;
    }

    /// <summary>This thread has put a message into a mailbox of ours.</summary>
    public static void CountDelivered() => s_delivered++;

    /// <summary>Any thread: answers a message to an actor of ours that has ended, and that has not come here as a dead letter.</summary>
    public void Missed(object message, IActorRef? sender) => OnLostCommand(message, sender);

    /// <summary>A reply that nobody takes: gives back what it carries. Twice does no harm.</summary>
    public static void GiveBack(object reply)
    {
        switch (reply)
        {
            case Aio.RentReadCompleted read:
                read.Buffer.Dispose();
                break;
            case Aio.Opened opened:
                opened.File.Aio.Ref.Tell(new Aio.Close(opened.File), ActorRefs.Nobody);
                break;
            default:
                break;
        }
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        switch (message)
        {
            case DeadLetter letter when IsOurs(letter.Recipient):
                s_delivered++;
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
        if (message is Aio.RentReadCompleted { Command.File: var file } && file.Aio == aio)
        {
            GiveBack(message);
        }
        else if (message is Aio.Opened { File: var opened } && opened.Aio == aio)
        {
            GiveBack(message);
        }
    }

    private void OnLostCommand(object message, IActorRef? requester)
    {
        switch (message)
        {
            case Aio.Command command:
                Reply(requester, command);
                break;
            case Aio.Batch batch:
                foreach (var command in batch.Commands.Span)
                {
                    Reply(requester, command);
                }

                break;
            case OpenDone done:
                if (done.File is { } file)
                {
                    Close(file.Release);
                }

                if (done.Opening.TryClaim())
                {
                    Reply(done.Opening.Requester, done.Opening.Open, AioOutcome.MayHaveHappened); // it may have made or emptied the file
                }

                break;
            case BlockingDone done:
                done.Operation.ReleaseMemory(); // it has been answered as the shard stopped
                Close(done.Operation.File.Open.LetGoAtEnd);
                break;
            case FileBarrier barrier when barrier.TakeRequester() is { } waiting:
                Reply(waiting, barrier.Barrier);
                break;
            default:
                break;
        }
    }

    // A close can be stuck in the kernel, and this is anybody's thread. The blocking dispatcher may have ended.
    private static void Close(Action close) => OwnThread.Run("akka-aio-close", () => AioExt.ErrorOf(close));

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
