using System.Runtime.CompilerServices;
using AkkaAio.Demo.Benching;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>
/// Writers that append a block each to one file through AkkaAio and wait until it is on stable storage: a write, a flush.
/// </summary>
internal sealed class AppendLoad(BenchOptions options, AioFile file, Blocks blocks) : LoopLoad(options, long.MaxValue, blocks)
{
    private long _end;

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        await using var session = await run.StartSessionAsync();
        await using var file = await session.Aio.OpenAsync(
            run.Options.Filename, new AioOpenOptions { Mode = FileMode.Create, Access = FileAccess.Write });
        using var blocks = new Blocks(session.Aio.Pool, run.Options.Outstanding, run.Options.Bs);
        using var load = new AppendLoad(run.Options, file, blocks);
        return await run.MeasureAsync(load, () => SessionBatches.ReadAsync(session));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected override async ValueTask<int> PerformAsync(OperationKind kind, long offset, AioBuffer block)
    {
        var end = Interlocked.Add(ref _end, block.Length) - block.Length;
        await file.WriteAsync(block.Memory, end);
        await file.FlushAsync();
        return block.Length;
    }
}

/// <summary>A writer that appends without AkkaAio: pwrite and fsync, one after the other, as a simple log does.</summary>
internal sealed class BlockingAppendLoad(BenchOptions options, SafeFileHandle handle, Blocks blocks)
    : LoopLoad(options, long.MaxValue, blocks)
{
    private long _end;

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        using var pool = new AioBufferPool(PoolBudget.For(run.Options));
        using var blocks = new Blocks(pool, run.Options.Outstanding, run.Options.Bs);
        using var handle = File.OpenHandle(run.Options.Filename, FileMode.Create, FileAccess.Write);
        using var load = new BlockingAppendLoad(run.Options, handle, blocks);
        return await run.MeasureAsync(load);
    }

    protected override ValueTask<int> PerformAsync(OperationKind kind, long offset, AioBuffer block)
    {
        RandomAccess.Write(handle, block.GetSpan(), Interlocked.Add(ref _end, block.Length) - block.Length);
        RandomAccess.FlushToDisk(handle);
        return new ValueTask<int>(block.Length);
    }
}
