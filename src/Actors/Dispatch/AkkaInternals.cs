using Akka.Actor;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;
using Akka.Dispatch.SysMsg;

namespace AkkaAio.Dispatch;

/// <summary>
/// All that we use of Akka without its promise to keep it: cells, mailboxes and system messages. AkkaInternalsSpecs has a test for each
/// member, which says what breaks where Akka changes it. The rest is what Akka has for extensions: dispatchers, mailbox types,
/// <see cref="MinimalActorRef"/>.
/// </summary>
internal static class AkkaInternals
{
    /// <summary>The cell of the actor whose context this is, for <see cref="MessagesOf"/> and <see cref="HasMessages"/>.</summary>
    public static ActorCell CellOf(IActorContext context) => (ActorCell)context;

    /// <summary>The queue of the actor's mailbox, from which a visitor of a stuck shard takes messages.</summary>
    public static IMessageQueue MessagesOf(ActorCell cell) => cell.Mailbox!.MessageQueue;

    /// <summary>Whether messages wait in the mailbox. The actor's thread.</summary>
    public static bool HasMessages(ActorCell cell) => cell.HasMessages;

    /// <summary>The ref if it is an actor's; null for the temporary ref of an Ask, a stream or a remote actor.</summary>
    public static IActorRef? AsLocalActor(IActorRef? actor) => actor as ActorRefWithCell;

    /// <summary>Whether the actor never takes another message: what is told to it is a dead letter.</summary>
    public static bool IsGone(IActorRef actor) => actor is ActorRefWithCell { Underlying.IsTerminated: true };

    /// <summary>The parent of an actor, for a ref that stands for it.</summary>
    public static IInternalActorRef ParentOf(IActorRef actor) => ((IInternalActorRef)actor).Parent;

    /// <summary>A death watch goes on to the actor; what would stop, suspend or restart it does not.</summary>
    public static void ForwardDeathWatch(ISystemMessage message, IActorRef actor)
    {
        if (message is Watch or Unwatch)
        {
            ((IInternalActorRef)actor).SendSystemMessage(message);
        }
    }

    /// <summary>Tells who watches an actor that it has terminated, where its own thread is stuck and cannot.</summary>
    public static void TellTerminated(IActorRef watcher, IActorRef actor) => ((IInternalActorRef)watcher).SendSystemMessage(
        new DeathWatchNotification(actor, existenceConfirmed: true, addressTerminated: false));

    /// <summary>Where a mailbox that nobody empties any more gives its messages.</summary>
    public static IMessageQueue DeadLettersOf(ExtendedActorSystem system) => system.Mailboxes.DeadLetterMailbox.MessageQueue;

    /// <summary>Whether what an executor is given is an actor's turn, and not a call.</summary>
    public static bool IsTurn(IRunnable run) => run is Mailbox;
}
