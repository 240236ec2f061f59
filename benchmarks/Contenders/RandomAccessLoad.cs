using System.Runtime.CompilerServices;
using AkkaAio.Demo.Benching;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>.NET's own: <see cref="RandomAccess"/>, which queues a blocking pread or pwrite to the thread pool.</summary>
internal sealed class RandomAccessLoad(
    BenchOptions options, SafeFileHandle handle, long size, Blocks blocks, CacheState cache)
    : LoopLoad(options, size, blocks)
{
    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        using var pool = new AioBufferPool(PoolBudget.For(run.Options));
        using var file = run.OpenFile();
        using var blocks = new Blocks(pool, run.Options.Outstanding, run.Options.Bs);
        using var handle = new SafeFileHandle(file.Descriptor, ownsHandle: false);
        using var load = new RandomAccessLoad(
            run.Options, handle, run.SizeOf(file), blocks, CacheState.Of(run, file.Path, run.SizeOf(file)));
        return await run.MeasureAsync(load);
    }

    protected override ValueTask<int> PerformAsync(OperationKind kind, long offset, AioBuffer block)
    {
        cache.OnOperation();
        return kind == OperationKind.Read ? RandomAccess.ReadAsync(handle, block.Memory, offset) : WriteAsync(offset, block);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WriteAsync(long offset, AioBuffer block)
    {
        await RandomAccess.WriteAsync(handle, block.Memory, offset);
        return block.Length;
    }
}
