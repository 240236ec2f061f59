using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>Awaited reads of a buffered file through AkkaAio, as <see cref="RandomAccessLoad"/> does them with what .NET has.</summary>
internal sealed class BufferedLoad(BenchOptions options, AioFile file, long size, Blocks blocks, CacheState cache)
    : LoopLoad(options, size, blocks)
{
    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        var buffered = run with { Buffered = true };
        await using var session = await run.StartSessionAsync();
        await using var file = await session.Aio.OpenAsync(run.Options.Filename, new AioOpenOptions { Direct = DirectIo.Off });
        var size = Math.Min(run.Options.Size ?? long.MaxValue, file.Length);
        using var blocks = new Blocks(session.Aio.Pool, run.Options.Outstanding, run.Options.Bs);
        using var load = new BufferedLoad(run.Options, file, size, blocks, CacheState.Of(buffered, file.Path, size));
        return await run.MeasureAsync(load, () => SessionBatches.ReadAsync(session));
    }

    protected override ValueTask<int> PerformAsync(OperationKind kind, long offset, AioBuffer block)
    {
        cache.OnOperation();
        return file.ReadAsync(block.Memory, offset);
    }
}
