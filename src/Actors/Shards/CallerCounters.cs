namespace AkkaAio.Shards;

/// <summary>The figures of reads that their callers did themselves. Any thread's.</summary>
internal sealed class CallerCounters
{
    private long _reads;
    private long _bytes;
    private long _misses;

    public long Reads => Volatile.Read(ref _reads);

    public long ReadBytes => Volatile.Read(ref _bytes);

    /// <summary>Those that the page cache did not have, or that the shard had to do again.</summary>
    public long Misses => Volatile.Read(ref _misses);

    public void Count(bool isHit, int bytes)
    {
        if (isHit)
        {
            Interlocked.Increment(ref _reads);
            Interlocked.Add(ref _bytes, bytes);
        }
        else
        {
            Interlocked.Increment(ref _misses);
        }
    }
}
