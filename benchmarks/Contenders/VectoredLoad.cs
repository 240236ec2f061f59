using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>Awaited operations of many buffers each: the block in pieces, every second one told before its neighbour.</summary>
internal sealed class VectoredLoad(BenchOptions options, AioFile file, long size, Blocks blocks, int pieces)
    : LoopLoad(options, size, blocks)
{
    private readonly Dictionary<AioBuffer, Memory<byte>[]> _destinations = Enumerable.Range(0, options.Outstanding)
        .ToDictionary(i => blocks[i], i => PiecesOf(blocks[i].Memory, pieces));

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        await using var session = await run.StartSessionAsync();
        await using var file = await session.Aio.OpenAsync(run.Options.Filename);
        using var blocks = new Blocks(session.Aio.Pool, run.Options.Outstanding, run.Options.Bs);
        using var load = new VectoredLoad(run.Options, file, Math.Min(run.Options.Size ?? long.MaxValue, file.Length), blocks, run.Pieces);
        return await run.MeasureAsync(load, () => SessionBatches.ReadAsync(session));
    }

    protected override ValueTask<int> PerformAsync(OperationKind kind, long offset, AioBuffer block) =>
        file.ReadAsync(_destinations[block], offset);

    // Swapped in pairs, so that no two that follow one another could be one.
    private static Memory<byte>[] PiecesOf(Memory<byte> block, int count)
    {
        var length = block.Length / count;
        return [.. Enumerable.Range(0, count).Select(i => block.Slice((i ^ 1) % count * length, length))];
    }
}
