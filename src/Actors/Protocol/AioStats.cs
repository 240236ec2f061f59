namespace AkkaAio;

public sealed partial class Aio
{
    /// <summary>
    /// Reply to <see cref="GetStats"/>. Counters run since the start, or with <see cref="Since"/> in an interval; each is exact, together
    /// they are no snapshot.
    /// </summary>
    public sealed class Stats : Event<GetStats>
    {
        internal Stats(GetStats command, AioExt aio, int openFiles)
            : base(command)
        {
            Engine = aio.EngineName;
            EngineReason = aio.EngineReason;
            EngineIsFallback = aio.EngineIsFallback;
            Interval = aio.Uptime;
            Shards = [.. aio.Shards.Select(shard => shard.ToStats())];
            OpenFiles = openFiles;
            PoolAllocatedBytes = aio.Pool.AllocatedBytes;
            PoolBudgetBytes = aio.Pool.BudgetBytes;
            PoolRentedBytes = aio.Pool.RentedBytes;
            RentedBuffers = aio.Pool.RentedBuffers;
            AioNr = aio.Capacity is { } now ? now.Max - now.Free : null;
            AioMaxNr = aio.Capacity?.Max;
            ReservedOperations = aio.ReservedOperations;
        }

        private Stats(Stats now, Stats earlier)
            : base(now.Command)
        {
            Engine = now.Engine;
            EngineReason = now.EngineReason;
            EngineIsFallback = now.EngineIsFallback;
            Interval = now.Interval - earlier.Interval;
            Shards = [.. now.Shards.Zip(earlier.Shards, (shard, before) => shard.Since(before))];
            OpenFiles = now.OpenFiles;
            PoolAllocatedBytes = now.PoolAllocatedBytes;
            PoolBudgetBytes = now.PoolBudgetBytes;
            PoolRentedBytes = now.PoolRentedBytes;
            RentedBuffers = now.RentedBuffers;
            AioNr = now.AioNr;
            AioMaxNr = now.AioMaxNr;
            ReservedOperations = now.ReservedOperations;
        }

        /// <summary>The engine's name.</summary>
        public string Engine { get; }

        /// <summary>Why this engine, in words: <see cref="AioExt.EngineReason"/>.</summary>
        public string EngineReason { get; }

        /// <summary><c>engine = auto</c>, and not the engine that it would rather have: <see cref="EngineReason"/> says why.</summary>
        public bool EngineIsFallback { get; }

        /// <summary>The time in which the counters have counted: since the start, or since an earlier look.</summary>
        public TimeSpan Interval { get; }

        /// <summary>One entry a shard, in order.</summary>
        public IReadOnlyList<ShardStats> Shards { get; }

        /// <summary>Files that are open now.</summary>
        public int OpenFiles { get; }

        /// <summary>Native memory that the buffer pool holds, in bytes.</summary>
        public long PoolAllocatedBytes { get; }

        /// <summary>Native memory that it may hold, in bytes.</summary>
        public long PoolBudgetBytes { get; }

        /// <summary>Native memory of buffers that are out now, in bytes; the rest of <see cref="PoolAllocatedBytes"/> waits to be
        /// used again.</summary>
        public long PoolRentedBytes { get; }

        /// <summary><c>fs.aio-nr</c>: what all processes of the machine have reserved. Null with an engine that reserves nothing.</summary>
        public long? AioNr { get; }

        /// <summary><c>fs.aio-max-nr</c>: what they may reserve together.</summary>
        public long? AioMaxNr { get; }

        /// <summary>What this actor system has reserved.</summary>
        public long ReservedOperations { get; }

        /// <summary>Buffers that are out now, yours and those in flight.</summary>
        public long RentedBuffers { get; }

        /// <summary>
        /// What happened after an earlier look at the same system: counters and latencies of the interval, everything else as now. Asked
        /// once a second, <c>now.Since(before)</c> is the last second.
        /// </summary>
        /// <exception cref="ArgumentException">The other is of another actor system, or later.</exception>
        public Stats Since(Stats earlier)
        {
            ArgumentNullException.ThrowIfNull(earlier);
            return earlier.Shards.Count == Shards.Count && earlier.Interval <= Interval
                ? new Stats(this, earlier)
                : throw new ArgumentException("these are no earlier figures of the same actor system", nameof(earlier));
        }

        /// <summary>A small table for a log: a row for each shard, and one for all of them. Times are those of the device.</summary>
        public override string ToString() => StatsTable.Of(this);
    }
}
