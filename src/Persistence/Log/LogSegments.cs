using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>The segments of a log as far as they are durable.</summary>
internal sealed class LogSegments : ILogVisitor
{
    private readonly List<(long Number, long FirstOrdering)> _segments = [];

    /// <summary>Where the last durable batch ends, in the last segment.</summary>
    public long End { get; private set; }

    /// <summary>The ordering of the record that follows on it.</summary>
    public long NextOrdering { get; private set; }

    long ILogVisitor.GivenBack => 0;

    public IReadOnlyList<(long Number, long FirstOrdering)> All => _segments;

    /// <summary>A batch is durable.</summary>
    public void Add<TAppend>(Batch<TAppend> batch)
    {
        Add(batch.Segment!.Number, batch.FirstOrdering);
        (End, NextOrdering) = (batch.Offset + batch.Length, batch.NextOrdering);
    }

    private void Add(long segment, long firstOrdering)
    {
        if (_segments.Count == 0 || _segments[^1].Number != segment)
        {
            _segments.Add((segment, firstOrdering));
        }
    }

    Task<bool> ILogVisitor.TryLoadAsync(Segment segment, uint lastCrc)
    {
        Add(segment.Number, segment.Header.FirstOrdering);
        return Task.FromResult(true); // its header says all that is needed
    }

    void ILogVisitor.Visit(long segment, int block, in BatchHeader header, ReadOnlySpan<byte> batch) =>
        Add(segment, header.FirstOrdering);

    void ILogVisitor.Sealed(Segment segment, uint lastCrc)
    {
    }

    public LogSegments Copy()
    {
        var copy = new LogSegments { End = End, NextOrdering = NextOrdering };
        copy._segments.AddRange(_segments);
        return copy;
    }
}
