using System.Diagnostics;
using AkkaAio.Benchmarks.Contenders;
using AkkaAio.Demo.Benching;
using AkkaAio.Demo.Files;

namespace AkkaAio.Benchmarks.Streams;

/// <summary>How late a timer of .NET's pool comes beside streams, or beside as much CPU load of the pool that does no I/O.</summary>
/// <remarks>An operation is a timer of 10 ms; its latency is how much later than that its continuation ran.</remarks>
internal static class TimerLateness
{
    private static readonly TimeSpan Due = TimeSpan.FromMilliseconds(10);

    /// <summary>Beside <c>--iodepth</c> streams that read the files of a folder, over and over.</summary>
    public static async Task<BenchResult> BesideStreamsAsync(ContenderRun run, Func<ContenderRun, Task<IFileStreams>> start)
    {
        await using var streams = await start(run);
        return await run.MeasureAsync(new TimedLoad(goesOn => ReadAsync(run, streams, goesOn)));
    }

    /// <summary>Beside loops that use as much CPU time as those streams have used just before.</summary>
    public static async Task<BenchResult> BesideCpuAsync(ContenderRun run, Func<ContenderRun, Task<IFileStreams>> start)
    {
        double cores;
        await using (var streams = await start(run))
        {
            var (before, started) = (ResourceUsage.Read(), Stopwatch.GetTimestamp());
            await ReadAsync(run, streams, () => Stopwatch.GetElapsedTime(started) < run.Options.RampTime);
            before = ResourceUsage.Read();
            started = Stopwatch.GetTimestamp(); // compiled, and warm
            await ReadAsync(run, streams, () => Stopwatch.GetElapsedTime(started) < run.Options.RampTime);
            var used = ResourceUsage.Read();
            cores = (used.User + used.System - before.User - before.System) / Stopwatch.GetElapsedTime(started);
        }

        run.Note("cores", cores);
        return await run.MeasureAsync(new TimedLoad(goesOn => Task.WhenAll(
            Enumerable.Range(0, run.Options.Iodepth).Select(_ => Task.Run(() => BurnAsync(cores / run.Options.Iodepth, goesOn))))));
    }

    private static Task ReadAsync(ContenderRun run, IFileStreams streams, Func<bool> goesOn)
    {
        var files = Directory.GetFiles(run.Options.Filename);
        return Task.WhenAll(Enumerable.Range(0, run.Options.Iodepth).Select(i => Task.Run(async () =>
        {
            while (goesOn())
            {
                var file = files[i % files.Length];
                if (run.Buffered)
                {
                    // Blocks: on a thread that is none of the pool's.
                    await Task.Factory.StartNew(() => PageCache.Drop(file), TaskCreationOptions.LongRunning);
                }

                await streams.ReadAsync(file, goesOn);
            }
        })));
    }

    // In slices about as long as the work on a chunk.
    private static async Task BurnAsync(double cores, Func<bool> goesOn)
    {
        var slice = TimeSpan.FromMicroseconds(50);
        var (burnt, started) = (TimeSpan.Zero, Stopwatch.GetTimestamp());
        while (goesOn())
        {
            var from = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(from) < slice)
            {
            }

            burnt += slice;
            if (burnt > cores * Stopwatch.GetElapsedTime(started))
            {
                await Task.Delay(1);
            }
            else
            {
                await Task.Yield();
            }
        }
    }

    private sealed class TimedLoad(Func<Func<bool>, Task> beside) : ILoad
    {
        private readonly Recorder _recorder = new();

        public IEnumerable<Recorder> Recorders => [_recorder];

        public async Task RunAsync(Phase phase)
        {
            try
            {
                var load = beside(() => !phase.IsStopped);
                while (!phase.IsStopped)
                {
                    var started = Stopwatch.GetTimestamp();
                    await Task.Delay(Due);
                    if (phase.IsMeasuring)
                    {
                        _recorder.Record(
                            OperationKind.Read, started + (long)(Due.TotalSeconds * Stopwatch.Frequency), Stopwatch.GetTimestamp());
                    }
                }

                await load;
            }
            catch (Exception e)
            {
                _recorder.Fail(e);
            }
        }
    }
}
