using System.Buffers.Binary;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence.Journal;

/// <summary>
/// What a journal knows of its log, in memory: each persistence id, and the places of events in segments whose footers are not written yet.
/// Built by a recovery, kept up by each durable batch, by the same code.
/// </summary>
internal sealed class JournalIndex
{
    private readonly Dictionary<int, SealedIndex> _sealed = []; // their footers are being written
    private SegmentPostings _current = new(0);

    public PersistenceIdTable Ids { get; } = new();

    /// <summary>Segments below this number are gone, and all of their events deleted.</summary>
    public long Oldest { get; set; }

    /// <inheritdoc cref="ILogVisitor.GivenBack"/>
    public long GivenBack
    {
        get
        {
            ref var log = ref Ids.Find(PersistenceIdHash.OfLog);
            return !System.Runtime.CompilerServices.Unsafe.IsNullRef(ref log) ? log.Highest : 0;
        }
    }

    /// <summary>A batch is in the log.</summary>
    public void Add(int segment, int block, in BatchHeader header, ReadOnlySpan<byte> batch)
    {
        if (_current.Segment != segment)
        {
            _current = new SegmentPostings(segment);
        }

        for (var at = BatchHeader.Size; RecordView.TryRead(batch[at..header.Used], out var record); at += record.Length)
        {
            if (record.Type is not (RecordType.Event or RecordType.Tombstone or RecordType.State))
            {
                continue; // of a later build, which does without
            }

            ref var state = ref Ids.GetOrAdd(record.Type == RecordType.State
                ? BinaryPrimitives.ReadUInt128LittleEndian(record.Payload[sizeof(long)..])
                : PersistenceIdHash.Of(record.PersistenceId));
            if (record.Type == RecordType.Event)
            {
                state.Highest = Math.Max(state.Highest, record.SequenceNr);
                _current.AddEvent(ref state, new EventPlace(record.SequenceNr, block, at));
            }
            else
            {
                state.Highest = Math.Max(state.Highest, BinaryPrimitives.ReadInt64LittleEndian(record.Payload));
                state.DeletedTo = Math.Max(state.DeletedTo, record.SequenceNr);
                _current.AddTombstone(ref state, record.SequenceNr);
            }

            state.Appended = Math.Max(state.Appended, state.Highest);
        }
    }

    /// <summary>An entry of a sealed segment's footer, which stands for its batches.</summary>
    public void Add(int segment, UInt128 hash, long highest, long deletedTo)
    {
        ref var state = ref Ids.GetOrAdd(hash);
        state.Highest = state.Appended = Math.Max(state.Highest, highest);
        state.DeletedTo = Math.Max(state.DeletedTo, deletedTo);
        state.Newest = -segment;
    }

    /// <summary>The current segment is full: what its footer is made of.</summary>
    public SealedIndex Seal(int segment)
    {
        var sealedIndex = new SealedIndex(_current.Segment == segment ? _current : new SegmentPostings(segment), Ids);
        _sealed[segment] = sealedIndex;
        return sealedIndex;
    }

    /// <summary>The segment's footer is on the disk.</summary>
    public void Unload(int segment) => _sealed.Remove(segment);

    /// <summary>What a replay of an id has to read.</summary>
    /// <param name="id">The persistence id.</param>
    /// <param name="from">The lowest sequence number that is wanted.</param>
    /// <param name="to">The highest.</param>
    public ReplayPlan Plan(string id, long from, long to)
    {
        var hash = PersistenceIdHash.Of(id);
        ref var state = ref Ids.Find(hash);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref state))
        {
            return new ReplayPlan(hash, 0, 1, 0, 0, 0, []);
        }

        from = Math.Max(from, state.DeletedTo + 1);
        to = Math.Min(to, state.Highest);
        var inMemory = new List<(int Segment, List<EventPlace> Events)>();
        var segment = -state.Newest;
        if (state.Newest > 0 && from <= to)
        {
            inMemory.Add((_current.Segment, _current.Find(state.Newest, from, to, out segment)));
        }

        while (segment >= Oldest && from <= to && _sealed.TryGetValue(segment, out var index))
        {
            inMemory.Add((segment, index.Find(hash, from, to, out var previous)));
            segment = previous;
        }

        inMemory.Reverse();
        return new ReplayPlan(hash, state.Highest, from, to, from <= to ? segment : 0, Oldest, inMemory);
    }
}

/// <summary>What a replay has to read, as of when it was planned.</summary>
/// <param name="Hash">Of the persistence id.</param>
/// <param name="Highest">The highest stored sequence number; 0: the id is unknown.</param>
/// <param name="From">The lowest sequence number to replay.</param>
/// <param name="To">The highest sequence number to replay; below From: none.</param>
/// <param name="NewestOnDisk">The newest segment whose footer has to be asked; 0: none.</param>
/// <param name="Oldest">Segments below this number are gone.</param>
/// <param name="InMemory">The events of newer segments, ascending.</param>
internal sealed record ReplayPlan(
    UInt128 Hash, long Highest, long From, long To, int NewestOnDisk, long Oldest, List<(int Segment, List<EventPlace> Events)> InMemory);
