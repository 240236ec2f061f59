using System.Globalization;
using Akka.Actor;
using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>An actor system that does nothing: with AkkaAio after some reads, or, without <c>--shards</c>, without it.</summary>
/// <remarks>The whole time counts as one operation: <c>cpu_us_per_op</c> and <c>ctx_switches_per_op</c> are those of all of it.</remarks>
internal static class IdleProcess
{
    // The threads that the start used, and that have nothing to do now, end after 10 s, and those of .NET's pool after 20, which takes some
    // seconds until the last has gone.
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(30);

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        if (run.Options.Shards is null)
        {
            using var bare = ActorSystem.Create("idle", QuietConfig.Make());
            return await MeasureAsync(run);
        }

        await using var session = await run.StartSessionAsync();
        await using (var file = await session.Aio.OpenAsync(run.Options.Filename, cancellationToken: run.Stop))
        {
            // Every shard has worked before it idles.
            using var block = session.Aio.Pool.Rent(run.Options.Bs);
            for (var i = 0L; i < 1000; i++)
            {
                await file.ReadAsync(block.Memory, i * (1 << 20) % (file.Length - block.Length), run.Stop);
            }
        }

        return await MeasureAsync(run);
    }

    private static async Task<BenchResult> MeasureAsync(ContenderRun run)
    {
        // Before the pause, and not after it: what has just run is compiled anew in the background, and that is no idling.
        await Task.Delay(run.Options.RampTime, run.Stop);
        var (reapers, shards) = (SwitchesOf("akka.io.aio.rea"), SwitchesOf("akka.io.aio.sha"));
        _ = Usage.Read(precise: false);
        await Task.Delay(Settle, run.Stop);
        var usage = Usage.Read(precise: false);
        await Task.Delay(run.Options.Runtime, run.Stop);
        usage = Usage.Read(precise: false) - usage;
        run.Note("reaper_voluntary_ctxt_switches", SwitchesOf("akka.io.aio.rea") - reapers);
        run.Note("shard_voluntary_ctxt_switches", SwitchesOf("akka.io.aio.sha") - shards);
        var recorder = new Recorder();
        recorder.Record(OperationKind.Read, 0, (long)run.Options.Runtime.TotalNanoseconds);
        return BenchResult.From([recorder], run.Options.Runtime, usage, default, 0, run.Describe());
    }

    // The kernel cuts a thread's name to 15 characters.
    private static long SwitchesOf(string threads) => Directory.EnumerateDirectories("/proc/self/task")
        .Where(task => File.ReadAllText($"{task}/comm").StartsWith(threads, StringComparison.Ordinal))
        .Sum(task => long.Parse(
            File.ReadLines($"{task}/status")
                .First(line => line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal)).Split('\t')[1],
            CultureInfo.InvariantCulture));
}
