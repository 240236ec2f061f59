namespace AkkaAio;

public sealed partial class Aio
{
    /// <summary>Reply to <see cref="GetStats"/>. Counters run since the start; each is exact, together they are no snapshot.</summary>
    public sealed class Stats : Event
    {
        internal Stats(GetStats command, AioExt aio, int openFiles)
            : base(command)
        {
            Engine = aio.EngineName;
            EngineReason = aio.EngineReason;
            Shards = [.. aio.Shards.Select(shard => shard.ToStats())];
            OpenFiles = openFiles;
            PoolAllocatedBytes = aio.Pool.AllocatedBytes;
            PoolBudgetBytes = aio.Pool.BudgetBytes;
            RentedBuffers = aio.Pool.RentedBuffers;
            AioNr = aio.Capacity is { } now ? now.Max - now.Free : null;
            AioMaxNr = aio.Capacity?.Max;
            ReservedOperations = aio.ReservedOperations;
        }

        /// <summary>The command.</summary>
        public GetStats Command => (GetStats)RepliesTo;

        /// <summary>The engine's name.</summary>
        public string Engine { get; }

        /// <summary>Why this engine, in words: <see cref="AioExt.EngineReason"/>.</summary>
        public string EngineReason { get; }

        /// <summary>One entry a shard, in order.</summary>
        public IReadOnlyList<ShardStats> Shards { get; }

        /// <summary>Files that are open now.</summary>
        public int OpenFiles { get; }

        /// <summary>Native memory that the buffer pool holds, in bytes.</summary>
        public long PoolAllocatedBytes { get; }

        /// <summary>Native memory that it may hold, in bytes.</summary>
        public long PoolBudgetBytes { get; }

        /// <summary><c>fs.aio-nr</c>: what all processes of the machine have reserved. Null with an engine that reserves nothing.</summary>
        public long? AioNr { get; }

        /// <summary><c>fs.aio-max-nr</c>: what they may reserve together.</summary>
        public long? AioMaxNr { get; }

        /// <summary>What this actor system has reserved.</summary>
        public long ReservedOperations { get; }

        /// <summary>Buffers that are out now, yours and those in flight.</summary>
        public long RentedBuffers { get; }

        /// <summary>One line for a log: the sums over all shards.</summary>
        public override string ToString() =>
            FormattableString.Invariant(
                $"{Engine}, {Shards.Count} shards, {OpenFiles} files open; ") +
            FormattableString.Invariant(
                $"{Sum(shard => shard.InFlight)} operations in flight, {Sum(shard => shard.Queued)} queued; ") +
            FormattableString.Invariant(
                $"{Sum(shard => shard.Reads)} reads of {Sum(shard => shard.ReadBytes)} bytes, ") +
            FormattableString.Invariant(
                $"{Sum(shard => shard.Writes)} writes of {Sum(shard => shard.WrittenBytes)} bytes, ") +
            FormattableString.Invariant(
                $"{Sum(shard => shard.DataSyncs)} syncs, {Sum(shard => shard.Errors)} errors, {Sum(shard => shard.Overloads)} refused; ") +
            FormattableString.Invariant(
                $"{RentedBuffers} buffers out, {PoolAllocatedBytes} of {PoolBudgetBytes} bytes of the pool taken");

        private long Sum(Func<ShardStats, long> figure) => Shards.Sum(figure);
    }

    /// <summary>The figures of one shard.</summary>
    public sealed record ShardStats
    {
        /// <summary>0 to shards - 1.</summary>
        public required int Shard { get; init; }

        /// <summary>Operations that its context may have in flight.</summary>
        public required int Depth { get; init; }

        /// <summary>Operations in flight now.</summary>
        public required long InFlight { get; init; }

        /// <summary>Commands that wait for a free slot now.</summary>
        public required int Queued { get; init; }

        /// <summary>Reads completed.</summary>
        public required long Reads { get; init; }

        /// <summary>Bytes read.</summary>
        public required long ReadBytes { get; init; }

        /// <summary>Writes completed.</summary>
        public required long Writes { get; init; }

        /// <summary>Bytes written.</summary>
        public required long WrittenBytes { get; init; }

        /// <summary>fdatasync operations; one may have served several Flush commands.</summary>
        public required long DataSyncs { get; init; }

        /// <summary>Operations that the kernel failed.</summary>
        public required long Errors { get; init; }

        /// <summary>The same, by what the kernel said.</summary>
        public required IReadOnlyDictionary<Errno, long> ErrorsByErrno { get; init; }

        /// <summary>Commands refused because the queue was full.</summary>
        public required long Overloads { get; init; }

        /// <summary>io_submit calls.</summary>
        public required long Submits { get; init; }

        /// <summary>Operations that they put in flight: divided by <see cref="Submits"/> the mean batch.</summary>
        public required long Submitted { get; init; }

        /// <summary>io_submit calls that accepted nothing for the moment (EAGAIN and its like).</summary>
        public required long FlowControlled { get; init; }

        /// <summary>The longest io_submit so far: a long one blocked, which direct I/O on allocated blocks does not.</summary>
        public required TimeSpan SlowestSubmit { get; init; }

        /// <summary>io_submit calls longer than <c>akka.io.aio.slow-submit</c>.</summary>
        public required long SlowSubmits { get; init; }

        /// <summary>How long commands waited for a slot: of those that had to.</summary>
        public required AioLatency QueueLatency { get; init; }

        /// <summary>Of io_submit calls.</summary>
        public required AioLatency SubmitLatency { get; init; }

        /// <summary>From the io_submit call to the reap of the event, of each operation.</summary>
        public required AioLatency DeviceLatency { get; init; }

        /// <summary>From a reap to the last reply to what it took out.</summary>
        public required AioLatency DeliveryLatency { get; init; }

        /// <summary>
        /// Reads of buffered files that the page cache answered: on the shard's thread, or on that of code that awaits. With an engine that
        /// takes buffered files itself (<c>io-uring</c>, <c>thread-pool</c> …) the shard does not look.
        /// </summary>
        public required long CacheHits { get; init; }

        /// <summary>Those that it could not answer whole, and that the blocking dispatcher did.</summary>
        public required long CacheMisses { get; init; }

        /// <summary>io_getevents calls that took something out.</summary>
        public required long Reaps { get; init; }

        /// <summary>Completions that they took out: divided by <see cref="Reaps"/> the mean batch.</summary>
        public required long Reaped { get; init; }

        /// <summary>Times that the shard was restarted.</summary>
        public required long Restarts { get; init; }
    }
}

/// <summary>How long something took, since the start. Percentiles are at most a quarter too high.</summary>
/// <param name="Count">How many were measured; without any the rest is zero.</param>
/// <param name="P50">The median.</param>
/// <param name="P99">What one of a hundred exceeds.</param>
/// <param name="P999">What one of a thousand exceeds.</param>
/// <param name="Max">The longest, exactly.</param>
public readonly record struct AioLatency(long Count, TimeSpan P50, TimeSpan P99, TimeSpan P999, TimeSpan Max);
