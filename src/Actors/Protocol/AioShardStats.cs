namespace AkkaAio;

public sealed partial class Aio
{
    /// <summary>The figures of one shard.</summary>
    public sealed record ShardStats
    {
        /// <summary>0 to shards - 1.</summary>
        public required int Shard { get; init; }

        /// <summary>Operations that its context may have in flight.</summary>
        public required int Depth { get; init; }

        /// <summary>Operations in flight now.</summary>
        public required long InFlight { get; init; }

        /// <summary>
        /// How long the oldest read, write or fdatasync has been with the kernel or a blocking thread by now; zero without any.
        /// </summary>
        public required TimeSpan OldestInFlight { get; init; }

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

        /// <summary>io_submit calls longer than <c>akka.io.aio.slow-submit</c>.</summary>
        public required long SlowSubmits { get; init; }

        /// <summary>How long commands waited for a slot: of those that had to.</summary>
        public required AioLatency QueueLatency { get; init; }

        /// <summary>Of io_submit calls: a long one blocked, which direct I/O on allocated blocks does not.</summary>
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

        /// <summary>How long ago the last restart was; null: there was none.</summary>
        public required TimeSpan? SinceRestart { get; init; }

        /// <summary>Why the shard refuses every command now (<see cref="AioUnavailableException"/>); null: it does not.</summary>
        public required string? Unavailable { get; init; }

        internal ShardStats Since(ShardStats earlier) => this with
        {
            Reads = Reads - earlier.Reads,
            ReadBytes = ReadBytes - earlier.ReadBytes,
            Writes = Writes - earlier.Writes,
            WrittenBytes = WrittenBytes - earlier.WrittenBytes,
            DataSyncs = DataSyncs - earlier.DataSyncs,
            Errors = Errors - earlier.Errors,
            ErrorsByErrno = ErrorsByErrno
                .Select(error => (error.Key, Count: error.Value - earlier.ErrorsByErrno.GetValueOrDefault(error.Key)))
                .Where(error => error.Count > 0).ToDictionary(error => error.Key, error => error.Count),
            Overloads = Overloads - earlier.Overloads,
            Submits = Submits - earlier.Submits,
            Submitted = Submitted - earlier.Submitted,
            FlowControlled = FlowControlled - earlier.FlowControlled,
            SlowSubmits = SlowSubmits - earlier.SlowSubmits,
            QueueLatency = QueueLatency.Since(earlier.QueueLatency),
            SubmitLatency = SubmitLatency.Since(earlier.SubmitLatency),
            DeviceLatency = DeviceLatency.Since(earlier.DeviceLatency),
            DeliveryLatency = DeliveryLatency.Since(earlier.DeliveryLatency),
            CacheHits = CacheHits - earlier.CacheHits,
            CacheMisses = CacheMisses - earlier.CacheMisses,
            Reaps = Reaps - earlier.Reaps,
            Reaped = Reaped - earlier.Reaped,
            Restarts = Restarts - earlier.Restarts,
        };
    }
}
