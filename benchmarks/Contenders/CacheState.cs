using AkkaAio.Demo.Files;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>
/// What of a buffered file is in the page cache: all of it, read before the start; or next to nothing, dropped at the start and again and
/// again, so that reads come from the disk: after each pass, or, at random, after an eighth of the blocks.
/// </summary>
internal sealed class CacheState
{
    private readonly string? _dropCacheOf;
    private readonly long _dropEvery;
    private long _operations;

    private CacheState(string? dropCacheOf, long dropEvery)
    {
        _dropCacheOf = dropCacheOf;
        _dropEvery = Math.Max(1, dropEvery);
    }

    /// <summary>Of a run; one that is not buffered has none to care for.</summary>
    public static CacheState Of(ContenderRun run, string path, long size)
    {
        if (run.Cached)
        {
            using var file = File.OpenRead(path);
            file.CopyTo(Stream.Null, 1 << 20);
        }

        return new(
            run is { Buffered: true, Cached: false } ? path : null, size / run.Options.Bs / (run.Options.IsRandom ? 8 : 1));
    }

    /// <summary>Before each operation.</summary>
    public void OnOperation()
    {
        if (_dropCacheOf is not null && Interlocked.Increment(ref _operations) % _dropEvery == 1 % _dropEvery)
        {
            PageCache.Drop(_dropCacheOf);
        }
    }
}
