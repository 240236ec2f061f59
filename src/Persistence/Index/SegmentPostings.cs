using System.Runtime.InteropServices;

namespace AkkaAio.Persistence.Index;

/// <summary>Where an event is in its segment.</summary>
/// <param name="SequenceNr">Of the event.</param>
/// <param name="Block">The first block of its batch.</param>
/// <param name="Offset">Of its record in the batch, in bytes.</param>
internal readonly record struct EventPlace(long SequenceNr, int Block, int Offset);

/// <summary>
/// The index of a segment in memory, while it is written and until its footer is: a chain for each persistence id, from its newest record
/// in the segment to its oldest, whose head is in the <see cref="PersistenceIdTable"/>. 20 bytes a record.
/// </summary>
internal sealed class SegmentPostings(int segment)
{
    private const int Tombstone = -1; // in place of a block

    // An array that is doubled when it is full has up to twice the bytes. Small enough to be no large object.
    private const int ChunkBits = 12;
    private const int Chunk = 1 << ChunkBits;

    private readonly List<Posting[]> _chunks = [];
    private int _count;

    public int Segment => segment;

    /// <summary>An event is in the segment, behind those that were added before.</summary>
    public void AddEvent(ref PersistenceIdState state, in EventPlace place) =>
        Add(ref state, new Posting(state.Newest, place.Block, place.Offset, place.SequenceNr));

    /// <summary>A tombstone is in the segment.</summary>
    public void AddTombstone(ref PersistenceIdState state, long deletedTo) =>
        Add(ref state, new Posting(state.Newest, Tombstone, 0, deletedTo));

    /// <summary>The events of a chain with sequence numbers from and to, both included, ascending.</summary>
    /// <param name="newest">The chain's head.</param>
    /// <param name="from">The lowest sequence number.</param>
    /// <param name="to">The highest sequence number.</param>
    /// <param name="previous">The newest segment before this one with a record of the id; 0: none, or none that is needed.</param>
    public List<EventPlace> Find(int newest, long from, long to, out int previous)
    {
        var count = 0;
        var end = newest;
        for (; end > 0 && this[end] is var posting && (posting.Block == Tombstone || posting.SequenceNr >= from); end = posting.Previous)
        {
            count += IsWanted(posting) ? 1 : 0;
        }

        previous = end > 0 ? 0 : -end;
        var found = new List<EventPlace>(count);
        CollectionsMarshal.SetCount(found, count);
        var places = CollectionsMarshal.AsSpan(found);
        for (var at = newest; count > 0; at = this[at].Previous)
        {
            if (this[at] is var posting && IsWanted(posting))
            {
                places[--count] = new EventPlace(posting.SequenceNr, posting.Block, posting.Offset);
            }
        }

        return found;

        bool IsWanted(in Posting posting) => posting.Block != Tombstone && posting.SequenceNr <= to;
    }

    /// <summary>Whether a chain has a tombstone.</summary>
    public bool HasTombstone(int newest)
    {
        for (var at = newest; at > 0; at = this[at].Previous)
        {
            if (this[at].Block == Tombstone)
            {
                return true;
            }
        }

        return false;
    }

    private ref readonly Posting this[int number] => ref _chunks[(number - 1) >> ChunkBits][(number - 1) & (Chunk - 1)];

    private void Add(ref PersistenceIdState state, in Posting posting)
    {
        if (_count % Chunk == 0)
        {
            _chunks.Add(new Posting[Chunk]);
        }

        _chunks[^1][_count % Chunk] = posting;
        state.Newest = ++_count;
    }

    /// <param name="Previous">The next older one of the chain, from 1 on; or the segment that has it, negated.</param>
    /// <param name="Block">Of the event's batch.</param>
    /// <param name="Offset">Of the event's record.</param>
    /// <param name="SequenceNr">Of the event; up to where a tombstone deletes.</param>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private readonly record struct Posting(int Previous, int Block, int Offset, long SequenceNr);
}
