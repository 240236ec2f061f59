using AkkaAio.Files;

namespace AkkaAio.Shards;

/// <summary>The figures of reads that their callers did themselves. Any thread's.</summary>
internal sealed class CallerCounters
{
    private const int ReadCount = 0;
    private const int Bytes = 1;
    private const int Missed = 2;

    private readonly PerProcessor _cells = new();

    public long Reads => _cells.Sum(ReadCount);

    public long ReadBytes => _cells.Sum(Bytes);

    /// <summary>Those that the page cache did not have.</summary>
    public long Misses => _cells.Sum(Missed);

    public void Read(bool hit, int bytes)
    {
        ref var counters = ref _cells[_cells.Here].Counters;
        if (hit)
        {
            Interlocked.Increment(ref counters[ReadCount]);
            Interlocked.Add(ref counters[Bytes], bytes);
        }
        else
        {
            Interlocked.Increment(ref counters[Missed]);
        }
    }
}
