using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>A log's folder with what is needed to open its files.</summary>
internal sealed record LogFiles(AioExt Aio, LogFolder Folder, LogWriterSettings Settings, AioOpenOptions Open)
{
    /// <summary>
    /// Bytes. Smaller blocks save padding, but a device rewrites what is around them, and a power cut then may take it along.
    /// </summary>
    public const int LeastBlock = 4096;

    /// <summary>The actor system ends: all I/O is refused from now on, and that is no failure.</summary>
    public bool IsEnding => Aio.Refuses;

    /// <summary>The files of a log whose store is known.</summary>
    /// <param name="aio">The system's AkkaAio.</param>
    /// <param name="folder">Where the segments are.</param>
    /// <param name="kind">What is logged.</param>
    /// <param name="store">The store's id.</param>
    /// <param name="blockSize">The physical block of the folder's device. A log that has segments keeps theirs.</param>
    /// <param name="settings">The user's.</param>
    public static LogFiles Of(AioExt aio, LogFolder folder, LogKind kind, Guid store, int blockSize, AioLogSettings settings)
    {
        var block = Math.Max(LeastBlock, blockSize);
        return new LogFiles(
            aio,
            folder,
            new LogWriterSettings
            {
                Kind = kind,
                Store = store,
                BlockBytes = block,
                SegmentBytes = ToBlocks(settings.SegmentSize, block), // 4 MB are no multiple of a block
                BufferBytes = (int)ToBlocks(settings.BufferSize, block),
                MostPipeline = settings.Pipeline,
                PipelineFrom = settings.PipelineFrom,
                ZeroRate = settings.ZeroRate,
                MostAppend = settings.MaxAppend,
                Durability = settings.Durability,
            },
            new AioOpenOptions { Access = FileAccess.ReadWrite, Shard = settings.Shard });
    }

    /// <summary>Rounded up to whole blocks.</summary>
    public static long ToBlocks(long bytes, int block) => (bytes + block - 1) / block * block;
}
