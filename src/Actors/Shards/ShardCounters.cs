using AkkaAio.Interop.Engines;
using AkkaAio.Telemetry;

namespace AkkaAio.Shards;

/// <summary>
/// The figures of a shard: written by its thread, read by any.
/// </summary>
internal sealed class ShardCounters
{
    /// <summary>What was answered on the shard's thread.</summary>
    public Answered OfShard { get; } = new();

    /// <summary>What callers did themselves.</summary>
    public CallerCounters OfCallers { get; } = new();

    public int Queued;
    public long Overloads;
    public long Submits;
    public long Submitted;
    public long FlowControlled;
    public long SlowSubmits;
    public long Restarts;

    /// <summary>Stopwatch ticks at the last restart; 0: there was none.</summary>
    public long RestartedAt;

    public long CacheHits;
    public long CacheMisses;
    public long Reaps;
    public long Reaped;

    /// <summary>From the queue to a slot.</summary>
    public LatencyHistogram QueueLatency { get; } = new();

    /// <summary>Of io_submit.</summary>
    public LatencyHistogram SubmitLatency { get; } = new();

    /// <summary>From io_submit to the reap.</summary>
    public LatencyHistogram DeviceLatency { get; } = new();

    /// <summary>From a reap to the last of its replies.</summary>
    public LatencyHistogram DeliveryLatency { get; } = new();

    /// <summary>Operations that have been answered.</summary>
    internal sealed class Answered : AnsweredCounts
    {
        private const int Opcodes = 3;

        // What Linux has, and room: a larger one would be counted as the last.
        private const int Errnos = 256;

        private readonly long[] _errors = new long[Opcodes * Errnos];

        /// <summary>Counts an operation that the kernel failed.</summary>
        public void Fail(IoOpcode opcode, Errno errno)
        {
            Errors++;
            _errors[((int)opcode * Errnos) + Math.Clamp((int)errno, 0, Errnos - 1)]++;
        }

        /// <summary>Those that there were.</summary>
        public IEnumerable<(IoOpcode Opcode, Errno Errno, long Count)> ErrorsByKind =>
            from index in Enumerable.Range(0, _errors.Length)
            let count = Volatile.Read(ref _errors[index])
            where count > 0
            select ((IoOpcode)(index / Errnos), (Errno)(index % Errnos), count);
    }
}

/// <summary>Operations that have been answered, of a shard or of one file on it: counted by the shard's thread, read by any.</summary>
internal class AnsweredCounts
{
    public long Reads;
    public long ReadBytes;
    public long Writes;
    public long WrittenBytes;
    public long DataSyncs;
    public long Errors;
}
