using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>
/// Reads, writes, appends, flushes, opens, closes, cancels and owners' deaths for a while, with whole systems started anew.
/// </summary>
internal static class Soak
{
    private const int FileBlocks = 4096;
    private const int BlockSize = 4096;
    private const int Workers = 24;

    public static async Task<int> RunAsync(string path, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var round = TimeSpan.FromSeconds(Math.Clamp(time.TotalSeconds / 12, 2, 20));
        var figures = new List<ProcessFigures>();
        var (operations, wrong) = (0L, 0L);
        for (var n = 0; watch.Elapsed < time || figures.Count < 6; n++)
        {
            var (done, bad) = await RoundAsync(path, round, n);
            (operations, wrong) = (operations + done, wrong + bad);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(1500); // the dispatchers' threads end a second after their last actor
            figures.Add(ProcessFigures.Read());
            Console.WriteLine($"{watch.Elapsed:mm\\:ss} operations {operations} wrong {wrong} {figures[^1]}");
        }

        // After warm-up: the last third against the second.
        var third = figures.Count / 3;
        var middle = figures.Skip(third).Take(third).ToArray();
        var last = figures.TakeLast(third).ToArray();
        var grown = last.Average(f => f.ResidentKiB) - middle.Average(f => f.ResidentKiB);
        var flat = last.Max(f => f.Contexts) == 0 && last.Max(f => f.Descriptors) <= middle.Max(f => f.Descriptors) + 2 &&
                   last.Max(f => f.Threads) <= middle.Max(f => f.Threads) + 3 && grown < 32 * 1024;
        Console.WriteLine(
            $"soak {(flat && wrong == 0 ? "ok" : "FAILED")}: resident {grown / 1024:+0.0;-0.0} MiB from the middle third to the last");
        return flat && wrong == 0 ? 0 : 1;
    }

    private static async Task<(long Operations, long Wrong)> RoundAsync(string path, TimeSpan time, int round)
    {
        var system = ActorSystem.Create("soak", ConfigurationFactory.ParseString(
            "akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR\n" +
            $"akka.io.aio {{ shards = 2, depth = 64, shard-by = {(round % 2 == 0 ? "file" : "stripe")} }}"));
        var aio = AioExt.Get(system);
        using var stop = new CancellationTokenSource(time);
        var (operations, wrong) = (0L, 0L);
        var file = await aio.OpenAsync(path, new AioOpenOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            PreallocationSize = FileBlocks * BlockSize,
        });
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async worker =>
        {
            var random = new Random((round * 1000) + worker);
            using var own = aio.Pool.Rent(BlockSize);
            var mine = new byte[FileBlocks];
            while (!stop.IsCancellationRequested)
            {
                // Each worker has blocks of its own, so that it knows what must be in them.
                var block = (random.Next(FileBlocks / Workers) * Workers) + worker;
                var offset = (long)block * BlockSize;
                try
                {
                    switch (random.Next(10))
                    {
                        case < 4:
                            own.GetSpan().Fill(mine[block] = (byte)random.Next(1, 256));
                            await file.WriteAsync(own.Memory, offset, CancellationToken.None);
                            break;
                        case < 8:
                            using (var read = await file.RentReadAsync(offset, BlockSize, CancellationToken.None))
                            {
                                Interlocked.Add(ref wrong, read.GetSpan().ContainsAnyExcept(mine[block]) ? 1 : 0);
                            }

                            break;
                        case 8:
                            await file.FlushAsync(CancellationToken.None);
                            break;
                        default:
                            await OpenAppendCloseAsync(aio, $"{path}.{worker}", random);
                            break;
                    }

                    Interlocked.Increment(ref operations);
                }
                catch (OperationCanceledException)
                {
                    // asked for
                }
            }
        }));
        await file.DisposeAsync();
        Interlocked.Add(ref wrong, aio.Pool.RentedBuffers);
        await system.Terminate();
        foreach (var worker in Enumerable.Range(0, Workers))
        {
            File.Delete($"{path}.{worker}");
        }

        File.Delete(path);
        return (operations, wrong);
    }

    private static async Task OpenAppendCloseAsync(AioExt aio, string path, Random random)
    {
        await using var log = await aio.OpenAsync(path, new AioOpenOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite });
        using var record = aio.Pool.Rent(BlockSize);
        using var impatient = new CancellationTokenSource();
        var writes = Enumerable.Range(0, 8).Select(i => log.WriteAsync(record.Memory, i * BlockSize, impatient.Token).AsTask()).ToArray();
        if (random.Next(2) == 0)
        {
            await impatient.CancelAsync();
        }

        await Task.WhenAll(writes);
    }
}
