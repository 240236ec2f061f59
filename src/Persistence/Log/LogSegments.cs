namespace AkkaAio.Persistence.Log;

/// <summary>The segments of a log as far as they are durable.</summary>
internal sealed class LogSegments
{
    private readonly List<(long Number, long FirstOrdering)> _segments = [];

    /// <summary>Where the last durable batch ends, in the last segment.</summary>
    public long End { get; private set; }

    public IReadOnlyList<(long Number, long FirstOrdering)> All => _segments;

    /// <summary>A batch is durable.</summary>
    public void Add(long segment, long firstOrdering, long end)
    {
        if (_segments.Count == 0 || _segments[^1].Number != segment)
        {
            _segments.Add((segment, firstOrdering));
        }

        End = end;
    }

    public LogSegments Copy()
    {
        var copy = new LogSegments { End = End };
        copy._segments.AddRange(_segments);
        return copy;
    }
}
