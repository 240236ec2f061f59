namespace AkkaAio.Files;

/// <summary>What the home shard remembers of a file, across its restarts.</summary>
internal sealed class HomeRecord
{
    private Exception? _flushError;

    /// <summary>Flushes whose writes are done, waiting for the next fdatasync.</summary>
    public List<FileBarrier> ReadyFlushes { get; } = [];

    /// <summary>That fdatasync waits for its place in a batch.</summary>
    public bool SyncWanted { get; set; }

    /// <summary>The flushes that the fdatasync in flight serves; null when none is.</summary>
    public FileBarrier[]? Flushing { get; set; }

    /// <summary>The SetLength, Allocate or Close that every lane has arrived at.</summary>
    public FileBarrier? ReadyExclusive { get; set; }

    /// <summary>The exclusive barrier is being carried out on the blocking dispatcher.</summary>
    public bool Running { get; set; }

    /// <summary>Whether the system call of a barrier may be under way; else it waits for earlier commands.</summary>
    public bool HasBegun(FileBarrier barrier) =>
        (Running && ReadyExclusive == barrier) || (Flushing is { } flushing && flushing.Contains(barrier));

    /// <summary>The file is being made longer.</summary>
    public bool Growing { get; set; }

    /// <summary>The writes that the next growth is for.</summary>
    public List<GrowthRange> Growth { get; set; } = [];

    /// <summary>
    /// A flush failed: the kernel has dropped the dirty state and reports the loss only once, so no later flush of this open may
    /// succeed.
    /// </summary>
    public Exception? FlushError => Volatile.Read(ref _flushError);

    /// <summary>Any thread: a flush, or a write with Dsync, has failed.</summary>
    public void StickFlushError(Exception error) => Interlocked.CompareExchange(ref _flushError, error, null);
}
