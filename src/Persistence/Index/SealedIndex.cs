namespace AkkaAio.Persistence.Index;

/// <summary>
/// The index of a segment that is full, until its footer is on the disk: what the table knew of its ids when it was sealed. From then on
/// the table says of them that the segment has their newest record, and not where: postings are of the next segment.
/// </summary>
internal sealed class SealedIndex
{
    private readonly PersistenceIdState[] _ids; // by hash

    public SealedIndex(SegmentPostings postings, PersistenceIdTable table)
    {
        Postings = postings;
        _ids = new PersistenceIdState[table.Parts.Sum(static part => part.Count(static state => state.Newest > 0))];
        var count = 0;
        foreach (var part in table.Parts)
        {
            var first = count;
            foreach (ref var state in part.AsSpan())
            {
                if (state.Newest > 0)
                {
                    _ids[count++] = state;
                    state.Newest = -postings.Segment;
                }
            }

            _ids.AsSpan(first..count).Sort(static (a, b) => a.Hash.CompareTo(b.Hash));
        }
    }

    public SegmentPostings Postings { get; }

    public int Segment => Postings.Segment;

    public IReadOnlyList<PersistenceIdState> Ids => _ids;

    /// <summary>Each id with a record in the segment, and the highest sequence number of its events here; 0: it has none.</summary>
    public List<(UInt128 Hash, long Highest)> HighestEvents() =>
    [
        .. _ids.Select(id => (id.Hash, Postings.Find(id.Newest, 0, long.MaxValue, out _) is [.., var last] ? last.SequenceNr : 0)),
    ];

    /// <inheritdoc cref="SegmentPostings.Find"/>
    public List<EventPlace> Find(UInt128 hash, long from, long to, out int previous)
    {
        var (low, high) = (0, _ids.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = _ids[middle].Hash.CompareTo(hash);
            if (order == 0)
            {
                return Postings.Find(_ids[middle].Newest, from, to, out previous);
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        previous = 0;
        return [];
    }
}
