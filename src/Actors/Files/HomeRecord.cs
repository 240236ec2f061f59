namespace AkkaAio.Files;

/// <summary>What the home shard remembers of a file, across its restarts.</summary>
internal sealed class HomeRecord
{
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

    /// <summary>The file is being made longer.</summary>
    public bool Growing { get; set; }

    /// <summary>Where the write starts that reaches furthest of those that ask for the next growth.</summary>
    public long GrowFrom { get; set; }

    /// <summary>Where it ends; 0 when none asks.</summary>
    public long GrowTo { get; set; }

    /// <summary>
    /// A flush failed: the kernel has dropped the dirty state and reports the loss only once, so no later flush of this open may
    /// succeed.
    /// </summary>
    public Exception? FlushError { get; set; }
}
