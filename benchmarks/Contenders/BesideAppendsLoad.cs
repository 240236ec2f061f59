using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>Reads of one file, alone or with writes beside them that extend another file of the same shard.</summary>
internal sealed class BesideAppendsLoad(BenchOptions options, AioFile file, long size, Blocks blocks) : LoopLoad(options, size, blocks)
{
    // The disk shall not fill: from here on it begins anew.
    private const long MostAppended = 1L << 30;

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        await using var session = await run.StartSessionAsync();
        await using var file = await session.Aio.OpenAsync(run.Options.Filename);
        using var blocks = new Blocks(session.Aio.Pool, run.Options.Outstanding, run.Options.Bs);
        using var load = new BesideAppendsLoad(run.Options, file, Math.Min(run.Options.Size ?? long.MaxValue, file.Length), blocks);
        using var stop = new CancellationTokenSource();
        var path = $"{run.Options.Filename}.appended";
        var appending = AppendAsync(session.Aio, path, run.Options.Bs, run.Appends, stop.Token);
        try
        {
            run.Note("appends", run.Appends);
            return await run.MeasureAsync(load, () => SessionBatches.ReadAsync(session));
        }
        finally
        {
            await stop.CancelAsync();
            run.Note("appended_bytes", await appending);
            File.Delete(path);
        }
    }

    protected override ValueTask<int> PerformAsync(OperationKind kind, long offset, AioBuffer block) =>
        file.ReadAsync(block.Memory, offset);

    private static async Task<long> AppendAsync(AioExt aio, string path, int size, int appends, CancellationToken stop)
    {
        var total = 0L;
        while (appends > 0 && !stop.IsCancellationRequested)
        {
            await using var file = await aio.OpenAsync(
                path, new AioOpenOptions { Mode = FileMode.Create, Access = FileAccess.Write }, CancellationToken.None);
            var end = 0L;
            await Task.WhenAll(Enumerable.Range(0, appends).Select(async _ =>
            {
                using var record = aio.Pool.Rent(size);
                for (long at; !stop.IsCancellationRequested && (at = Interlocked.Add(ref end, size) - size) < MostAppended;)
                {
                    await file.WriteAsync(record.Memory, at, CancellationToken.None);
                }
            }));
            total += end;
        }

        return total;
    }
}
