using System.Buffers.Binary;
using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Journal;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence;

// What is appended: events and tombstones.
public sealed partial class AioJournal
{
    private void Write(WriteMessages write, LogWriter<JournalAppend> writer)
    {
        if (write.Messages is not IReadOnlyList<IPersistentEnvelope> messages)
        {
            // A lazy sequence is gone through once: its replies need it again.
            messages = [.. write.Messages];
            write = new WriteMessages(messages, write.PersistentActor, write.ActorInstanceId);
        }

        if (FirstAtomicWrite(messages) is not { } first)
        {
            Defer(write, writer);
            return;
        }

        var hash = PersistenceIdHash.Of(first.PersistenceId);
        if (FindConflict(messages, _index.Ids.GetOrAdd(hash).Appended) is { } conflict)
        {
            WriteReplies.Fail(write, conflict);
            return;
        }

        Exception?[]? rejections = null;
        Batch<JournalAppend>? batch = null;
        var from = 0L;
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i] is not AtomicWrite atomic)
            {
                continue;
            }

            var now = DateTime.UtcNow.Ticks;
            long bytes;
            try
            {
                bytes = Serialize(atomic, now);
            }
            catch (Exception e)
            {
                (rejections ??= new Exception[messages.Count])[i] = e;
                continue;
            }

            var next = Append(bytes, now, writer);
            _index.Ids.Find(hash).Appended = atomic.HighestSequenceNr;
            if (next != batch)
            {
                batch?.Appends.Add(new JournalAppend(new WritePart(write), From: from));
                (batch, from) = (next, atomic.LowestSequenceNr);
            }
        }

        if (batch is null)
        {
            Defer(write, writer, rejections);
            return;
        }

        batch.Appends.Add(new JournalAppend(write, rejections, from));
    }

    // Nothing to store, but its place is behind what its actor has written.
    private static void Defer(WriteMessages write, LogWriter<JournalAppend> writer, Exception?[]? rejections = null)
    {
        if (!writer.TryAddBehindNewest(new JournalAppend(write, rejections, IsBehind: true)))
        {
            WriteReplies.Succeed(write, rejections);
        }
    }

    // By index here and below: an enumerator of an interface would be an allocation an event.
    private static AtomicWrite? FirstAtomicWrite(IReadOnlyList<IPersistentEnvelope> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i] is AtomicWrite atomic)
            {
                return atomic;
            }
        }

        return null;
    }

    private static AioSequenceConflictException? FindConflict(IReadOnlyList<IPersistentEnvelope> messages, long highest)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i] is AtomicWrite atomic)
            {
                if (atomic.LowestSequenceNr <= highest)
                {
                    return new AioSequenceConflictException(atomic.PersistenceId, atomic.LowestSequenceNr, highest);
                }

                highest = atomic.HighestSequenceNr;
            }
        }

        return null;
    }

    // Into _events. What throws rejects the write.
    private long Serialize(AtomicWrite atomic, long now)
    {
        _events.Clear();
        var bytes = 0L;
        var events = WriteReplies.EventsOf(atomic);
        for (var i = 0; i < events.Count; i++)
        {
            var @event = events[i];
            var serialized = _encoder.Serialize(_adapts ? AdaptToJournal(@event) : @event);
            bytes += serialized.ToRecord(now).Size;
            _events.Add(serialized);
        }

        return bytes <= _store.Settings.Log.MaxAppend
            ? bytes
            : throw new AioEventTooLargeException(atomic.PersistenceId, bytes, _store.Settings.Log.MaxAppend);
    }

    // All of _events in one batch.
    private Batch<JournalAppend> Append(long bytes, long now, LogWriter<JournalAppend> writer)
    {
        var batch = writer.Reserve(bytes);
        foreach (var serialized in _events)
        {
            batch.Add(serialized.ToRecord(now));
        }

        _events.Clear();
        return batch;
    }

    private bool IsUnderWay(string persistenceId)
    {
        ref readonly var state = ref _index.Ids.GetOrAdd(PersistenceIdHash.Of(persistenceId));
        return state.Appended > state.Highest;
    }

    private void Delete(DeleteMessagesTo delete, LogWriter<JournalAppend> writer)
    {
        var hash = PersistenceIdHash.Of(delete.PersistenceId);
        ref var state = ref _index.Ids.GetOrAdd(hash);
        var to = Math.Min(delete.ToSequenceNr, state.Highest);
        if (to > state.DeletedTo)
        {
            AddTombstone(delete.PersistenceId, to, state.Highest, writer).Appends.Add(new JournalAppend(delete));
        }
        else if (!writer.TryAddBehindNewest(new JournalAppend(delete, IsBehind: true)))
        {
            Succeed(delete);
        }
    }

    private void Succeed(DeleteMessagesTo delete)
    {
        delete.PersistentActor.Tell(new DeleteMessagesSuccess(delete.ToSequenceNr), ActorRefs.NoSender);
        Publish(delete);
    }

    private static Batch<JournalAppend> AddTombstone(
        string persistenceId, long deletedTo, long highest, LogWriter<JournalAppend> writer)
    {
        var payload = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(payload, highest);
        var tombstone = new RecordFields
        {
            Type = RecordType.Tombstone,
            SequenceNr = deletedTo,
            Ticks = DateTime.UtcNow.Ticks,
            PersistenceId = persistenceId,
            Payload = payload,
        };
        var batch = writer.Reserve(tombstone.Size, makesRoom: true);
        batch.Add(tombstone);
        return batch;
    }
}
