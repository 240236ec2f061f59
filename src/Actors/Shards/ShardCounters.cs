namespace AkkaAio.Shards;

/// <summary>
/// The figures of a shard. Each field is written by one thread, the shard's or the reaper's, and read by anyone; the two groups are
/// kept a cache line apart by <see cref="OfReaper"/> being an object of its own.
/// </summary>
internal sealed class ShardCounters
{
    /// <summary>What was answered on the shard's thread: buffered I/O.</summary>
    public Answered OfShard { get; } = new();

    /// <summary>What was answered on the reaper's thread.</summary>
    public Answered OfReaper { get; } = new();

    // The shard's.
    public int Queued;
    public long Overloads;
    public long Submits;
    public long Submitted;
    public long FlowControlled;
    public long SlowestSubmitTicks;
    public long Restarts;
    public long NoWaitFlagged;
    public long NoWaitFellBack;

    // The reaper's.
    public long Reaps;
    public long Reaped;

    /// <summary>Operations that have been answered.</summary>
    internal sealed class Answered
    {
        public long Reads;
        public long ReadBytes;
        public long Writes;
        public long WrittenBytes;
        public long DataSyncs;
        public long Errors;
    }
}
