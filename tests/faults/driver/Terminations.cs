using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>Ends actor systems under full load; contexts, descriptors and threads after the last equal those after the first.</summary>
internal static class Terminations
{
    private const int InFlight = 1000;

    public static async Task<int> RunAsync(string path, int times)
    {
        await File.WriteAllBytesAsync(path, new byte[16 << 20]);
        var slowest = TimeSpan.Zero;
        ProcessFigures first = default;
        var (replies, asked) = (0, 0);
        for (var i = 0; i < times; i++)
        {
            var system = ActorSystem.Create(
                "ending",
                ConfigurationFactory.ParseString(
                    "akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR\nakka.io.aio { shards = 2, depth = 1024 }"));
            var aio = AioExt.Get(system);
            var file = await aio.OpenAsync(path, new AioOpenOptions { Direct = DirectIo.Required });
            var reads = Enumerable.Range(0, InFlight).Select(async k =>
            {
                try
                {
                    using var buffer = await file.RentReadAsync(k * 4096L, 4096);
                }
                catch (AioException)
                {
                    // Refused or aborted: a reply all the same.
                }

                Interlocked.Increment(ref replies);
            }).ToArray();
            asked += InFlight;
            var watch = Stopwatch.StartNew();
            await system.Terminate();
            slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
            await Task.WhenAll(reads);
            if (i == 0)
            {
                first = await SettledAsync(threads: 0);
            }
        }

        var last = await SettledAsync(first.Threads);
        Console.WriteLine($"terminated {times} times, replies {replies} of {asked}, slowest {slowest.TotalSeconds:f2} s");
        Console.WriteLine($"after the first: {first}");
        Console.WriteLine($"after the last:  {last}");
        return replies == asked && last.Contexts == first.Contexts && last.Descriptors <= first.Descriptors &&
               last.Threads <= first.Threads ? 0 : 1;
    }

    // The dispatchers' threads end a moment after the system, and those of .NET's own pool after 20 s without work.
    private static async Task<ProcessFigures> SettledAsync(int threads)
    {
        var figures = ProcessFigures.Read();
        for (var i = 0; i < 300 && figures.Threads > threads; i++)
        {
            await Task.Delay(100);
            figures = ProcessFigures.Read();
        }

        return figures;
    }
}
