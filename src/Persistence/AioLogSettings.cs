namespace AkkaAio.Persistence;

/// <summary>How a log is kept. What is not set is as <c>akka.persistence.aio-store</c> says.</summary>
public sealed record AioLogSettings
{
    /// <summary>As configured.</summary>
    public static AioLogSettings Default { get; } = new();

    /// <summary>Bytes of a segment: 1 MiB to 64 GiB, a multiple of 1 MiB. A log keeps one ready ahead.</summary>
    public long SegmentSize { get; init; } = 256 << 20;

    /// <summary>Bytes of the buffer that appends are collected in while the disk is busy: 64 KiB to 64 MiB.</summary>
    public int BufferSize { get; init; } = 4 << 20;

    /// <summary>Batches that are written at a time where the disk is slow: 1 to 16.</summary>
    public int Pipeline { get; init; } = 4;

    /// <summary>Bytes a second at which the next segment is filled with zeros, 0 for no limit.</summary>
    public long ZeroRate { get; init; } = 200 << 20;

    /// <summary>The most bytes of one append: 1 KiB to 64 MiB.</summary>
    public int MaxAppend { get; init; } = 64 << 20;

    /// <summary>Dsync; or None, for tests: then nothing that is acknowledged outlives a power cut.</summary>
    public AioDurability Durability { get; init; } = AioDurability.Dsync;

    /// <summary>The shard of its files; null: by the folder's path.</summary>
    public int? Shard { get; init; }
}
