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
                ConfigurationFactory.ParseString("akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR\nakka.io.aio { shards = 2, depth = 1024 }"));
            var aio = AioExt.Get(system);
            var file = await aio.OpenAsync(path, new AioOpenOptions { Direct = DirectIo.Required });
            var reads = Enumerable.Range(0, InFlight).Select(async k =>
            {
                try
                {
                    using var buffer = await file.ReadAsync(k * 4096L, 4096);
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
                first = await SettledAsync();
            }
        }

        var last = await SettledAsync();
        Console.WriteLine($"terminated {times} times, replies {replies} of {asked}, slowest {slowest.TotalSeconds:f2} s");
        Console.WriteLine($"after the first: {first}");
        Console.WriteLine($"after the last:  {last}");
        return replies == asked && last.Contexts == first.Contexts && last.Descriptors <= first.Descriptors &&
               last.Threads <= first.Threads + 2 ? 0 : 1;
    }

    // The dispatchers' threads end a moment after the system.
    private static async Task<ProcessFigures> SettledAsync()
    {
        var figures = ProcessFigures.Read();
        for (var i = 0; i < 50; i++)
        {
            await Task.Delay(100);
            var now = ProcessFigures.Read();
            if (now.Threads == figures.Threads && i > 15)
            {
                return now;
            }

            figures = now;
        }

        return figures;
    }
}
