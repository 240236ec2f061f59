using System.Runtime.CompilerServices;
using AkkaAio.Demo.Benching;
using AkkaAio.Interop.Files;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>.NET's own: <see cref="RandomAccess"/>, which queues a blocking pread or pwrite to the thread pool.</summary>
/// <remarks>
/// Buffered, the cache is emptied before the start and again and again, so that reads come from the disk: after each pass, or, at random,
/// after an eighth of the blocks.
/// </remarks>
internal sealed class RandomAccessLoad(
    BenchOptions options, SafeFileHandle handle, long size, Blocks blocks, string? dropCacheOf)
    : LoopLoad(options, size, blocks)
{
    private readonly long _dropEvery = Math.Max(1, size / options.Bs / (options.IsRandom ? 8 : 1));
    private long _buffered;

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        using var pool = new AioBufferPool(PoolBudget.For(run.Options));
        using var file = run.OpenFile();
        using var blocks = new Blocks(pool, run.Options.Outstanding, run.Options.Bs);
        using var handle = new SafeFileHandle(file.Descriptor, ownsHandle: false);
        using var load = new RandomAccessLoad(run.Options, handle, run.SizeOf(file), blocks, run.Buffered ? file.Path : null);
        return await run.MeasureAsync(load);
    }

    protected override ValueTask<int> PerformAsync(OperationKind kind, long offset, AioBuffer block)
    {
        if (dropCacheOf is not null && Interlocked.Increment(ref _buffered) % _dropEvery == 1 % _dropEvery)
        {
            PageCache.Drop(dropCacheOf);
        }

        return kind == OperationKind.Read ? RandomAccess.ReadAsync(handle, block.Memory, offset) : WriteAsync(offset, block);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WriteAsync(long offset, AioBuffer block)
    {
        await RandomAccess.WriteAsync(handle, block.Memory, offset);
        return block.Length;
    }
}
