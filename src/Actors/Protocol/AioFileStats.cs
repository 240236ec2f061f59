namespace AkkaAio;

public sealed partial class Aio
{
    /// <summary>Reply to <see cref="GetFiles"/>.</summary>
    public sealed class Files : Event<GetFiles>
    {
        internal Files(GetFiles command, IReadOnlyList<FileStats> open)
            : base(command) => Open = open;

        /// <summary>The files that are open and that somebody holds, by path. A file that is opened twice is there twice.</summary>
        public IReadOnlyList<FileStats> Open { get; }

        internal override string Result => FormattableString.Invariant($"{Open.Count} files");
    }

    /// <summary>
    /// The figures of one open file, since it was opened. Read while its shards go on: each is exact a moment ago, together they are no
    /// snapshot. Awaited reads that the caller copied from the page cache are counted by the shard alone
    /// (<see cref="ShardStats.CacheHits"/>): a count for each file would be shared by all threads.
    /// </summary>
    public sealed record FileStats
    {
        /// <summary>The canonical path.</summary>
        public required string Path { get; init; }

        /// <summary>What does its reads and writes: the engine's name, or <c>blocking-dispatcher</c>.</summary>
        public required string Engine { get; init; }

        /// <summary>Whether its I/O bypasses the page cache.</summary>
        public required bool IsDirect { get; init; }

        /// <summary>The shard that does all of its I/O, or with <c>shard-by = stripe</c> its barriers.</summary>
        public required int Shard { get; init; }

        /// <summary>Length in bytes, as <see cref="AioFile.Length"/>.</summary>
        public required long Length { get; init; }

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

        /// <summary>Reads, writes and fdatasyncs that the kernel or a blocking thread has now.</summary>
        public required int InFlight { get; init; }

        /// <summary>Reads and writes that are accepted and not in flight: for a slot, behind a barrier, for a longer file.</summary>
        public required int Queued { get; init; }

        /// <summary>How long the oldest of those in flight has been there; zero without any.</summary>
        public required TimeSpan OldestInFlight { get; init; }

        /// <summary>One line for a log.</summary>
        public override string ToString() => FormattableString.Invariant(
            $"{Path} ({Engine}, shard {Shard}): {Reads} reads of {ReadBytes} bytes, {Writes} writes of {WrittenBytes} bytes, ") +
            FormattableString.Invariant(
                $"{DataSyncs} syncs, {Errors} errors; {InFlight} in flight, the oldest for {OldestInFlight.TotalMilliseconds:0.#} ms, ") +
            FormattableString.Invariant($"{Queued} queued");
    }
}
