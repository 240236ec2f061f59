using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.Persistence.Journal;

/// <summary>What is to be answered when what it appended is durable, or all that was appended before it.</summary>
/// <param name="Request">The journal's message.</param>
/// <param name="Rejections">Of a write: why each of its envelopes was rejected, null where it was not; null: none was.</param>
/// <param name="From">Of a write: the lowest sequence number that it has in this batch.</param>
/// <param name="IsBehind">It has appended nothing itself: it is answered as soon as what was appended before it is known.</param>
internal readonly record struct JournalAppend(object Request, Exception?[]? Rejections = null, long From = 0, bool IsBehind = false);

/// <summary>That a write has a part in a batch; it is answered behind a later one.</summary>
internal sealed record WritePart(WriteMessages Write);

/// <summary>The replies to <see cref="WriteMessages"/>: each event has one, in its order, behind one for the whole.</summary>
internal static class WriteReplies
{
    /// <summary>The events of an atomic write: what its constructor was given.</summary>
    public static IReadOnlyList<IPersistentRepresentation> EventsOf(AtomicWrite atomic) =>
        (IReadOnlyList<IPersistentRepresentation>)atomic.Payload;

    /// <summary>It is stored, but for what was rejected.</summary>
    /// <param name="write">Its messages are a list.</param>
    /// <param name="rejections">As of <see cref="JournalAppend"/>.</param>
    public static void Succeed(WriteMessages write, Exception?[]? rejections)
    {
        var actor = write.PersistentActor;
        actor.Tell(WriteMessagesSuccessful.Instance, ActorRefs.NoSender);
        var messages = (IReadOnlyList<IPersistentEnvelope>)write.Messages;
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i] is not AtomicWrite atomic)
            {
                Loop(write, messages[i]);
                continue;
            }

            var (events, rejection) = (EventsOf(atomic), rejections?[i]);
            for (var j = 0; j < events.Count; j++)
            {
                actor.Tell(
                    rejection is null
                        ? new WriteMessageSuccess(events[j], write.ActorInstanceId)
                        : new WriteMessageRejected(events[j], rejection, write.ActorInstanceId),
                    events[j].Sender);
            }
        }
    }

    /// <summary>It is not stored, or that is not known: the actor stops.</summary>
    public static void Fail(WriteMessages write, Exception cause)
    {
        var actor = write.PersistentActor;
        actor.Tell(new WriteMessagesFailed(cause, write.Messages.Count(envelope => envelope is AtomicWrite)), ActorRefs.NoSender);
        foreach (var envelope in write.Messages)
        {
            if (envelope is not AtomicWrite atomic)
            {
                Loop(write, envelope);
                continue;
            }

            foreach (var failed in EventsOf(atomic))
            {
                actor.Tell(new WriteMessageFailure(failed, cause, write.ActorInstanceId), failed.Sender);
            }
        }
    }

    private static void Loop(WriteMessages write, IPersistentEnvelope envelope) =>
        write.PersistentActor.Tell(new LoopMessageSuccess(envelope.Payload, write.ActorInstanceId), envelope.Sender);
}
