using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>What a writer needs to know of its log.</summary>
internal sealed record LogWriterSettings
{
    public required LogKind Kind { get; init; }

    public required Guid Store { get; init; }

    /// <summary>What is never written twice: at least the device's physical block.</summary>
    public required int BlockBytes { get; init; }

    public required long SegmentBytes { get; init; }

    /// <summary>Of a batch, unless one append needs more.</summary>
    public required int BufferBytes { get; init; }

    /// <summary>Batches that are written at a time where the disk is slow.</summary>
    public required int MostPipeline { get; init; }

    /// <inheritdoc cref="AioLogSettings.PipelineFrom"/>
    public required TimeSpan PipelineFrom { get; init; }

    /// <summary>Bytes a second at which zeros are written ahead; 0 for no limit.</summary>
    public required long ZeroRate { get; init; }

    /// <summary>The longest append that is taken.</summary>
    public required int MostAppend { get; init; }

    public AioDurability Durability { get; init; } = AioDurability.Dsync;

    /// <summary>Of the buffers that are kept: those being written, one that is full, one that is filled, and headers of segments.</summary>
    public long PoolBytes => ((MostPipeline + 3L) * BufferBytes * 5 / 4) + (16L * BlockBytes); // a pool rounds up by a quarter at most

    /// <summary>
    /// The end of a segment that is kept for what makes room, until the next segment is there: a full disk takes deletes. It has room for
    /// 4096 of them, one at a time, in a segment of 256 MiB.
    /// </summary>
    public long ReserveBytes => SegmentBytes / 16;

    /// <summary>Rounded up to whole blocks.</summary>
    public long ToBlocks(long bytes) => LogFiles.ToBlocks(bytes, BlockBytes);
}
