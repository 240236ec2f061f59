using AkkaAio.Cluster;

namespace AkkaAio.Demo.Hashing;

/// <summary>How much is done at once, within what the configuration allows: that many files, each with a window of reads ahead.</summary>
/// <param name="Files">Files that are open at once.</param>
/// <param name="Window">Reads in flight of one file.</param>
/// <param name="Chunk">Bytes of a read, a multiple of 4 KiB.</param>
internal readonly record struct HashLimits(int Files, int Window, int Chunk)
{
    private const int MostFiles = 48;
    private const int MostReads = 8;
    private const int LargestChunk = 256 * 1024;

    /// <summary>
    /// Never more commands than a shard takes, even when all files live on one, nor more than half of the pool's budget: 96 MiB with
    /// the defaults, when every file is large. Nor more files than half of the descriptors that are left.
    /// </summary>
    public static HashLimits For(AioSettings settings, int depth)
    {
        var commands = depth + settings.MaxQueueSize;
        var files = Math.Min(DescriptorLimit.HalfOfRest(MostFiles), commands);
        var window = Math.Clamp(commands / files, 1, MostReads);
        var bytes = settings.BufferBudget / 2;
        var chunk = LargestChunk;
        while ((long)files * window * chunk > bytes && (files > 1 || window > 1 || chunk > AioBuffer.Alignment))
        {
            (files, window, chunk) = window > 2 ? (files, window / 2, chunk)
                : chunk > 64 * 1024 ? (files, window, chunk / 2)
                : files > 1 ? (files / 2, window, chunk)
                : window > 1 ? (files, 1, chunk)
                : (files, window, chunk / 2);
        }

        return new HashLimits(files, window, chunk);
    }
}
