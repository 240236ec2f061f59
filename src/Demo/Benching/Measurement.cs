using System.Diagnostics;

namespace AkkaAio.Demo.Benching;

/// <summary>Lets a load run: the ramp, the time that is measured, the end.</summary>
/// <param name="Ramp">Runs before and is not counted: code is compiled, pools fill.</param>
/// <param name="Runtime">What is measured.</param>
/// <param name="BlockSize">Bytes of an operation.</param>
/// <param name="Config">For the result.</param>
internal sealed record Measurement(
    TimeSpan Ramp, TimeSpan Runtime, int BlockSize, IReadOnlyDictionary<string, object?> Config)
{
    private static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The counters of the shards; none for loads without any.</summary>
    public Func<Task<Batches>> ReadBatches { get; init; } = () => Task.FromResult(default(Batches));

    /// <summary>Shown the result so far, twice a second. Costs CPU time that counts: null where nobody looks.</summary>
    public Action<BenchResult>? Live { get; init; }

    /// <summary>Runs <paramref name="load"/>. A stop while it is measured ends it early, with what there is.</summary>
    /// <exception cref="OperationCanceledException">Stopped before there was anything to measure.</exception>
    public async Task<BenchResult> RunAsync(ILoad load, CancellationToken stop)
    {
        var phase = new Phase();
        var running = load.RunAsync(phase);
        try
        {
            await Task.WhenAny(running, Task.Delay(Ramp, stop));
            stop.ThrowIfCancellationRequested();

            var batches = await ReadBatches();
            var usage = Usage.Read(precise: true);
            var started = Stopwatch.GetTimestamp();
            phase.StartMeasuring();
            await WaitAsync(load, running, usage, batches, started, stop);
            phase.End();
            var elapsed = Stopwatch.GetElapsedTime(started);
            usage = Usage.Read(precise: true) - usage;
            batches = await ReadBatches() - batches;
            await running;
            return BenchResult.From(load.Recorders, elapsed, usage, batches, BlockSize, Config);
        }
        finally
        {
            phase.End();
            await running; // nobody may take the memory away before
        }
    }

    private async Task WaitAsync(
        ILoad load, Task running, Usage usage, Batches batches, long started, CancellationToken stop)
    {
        while (!running.IsCompleted && !stop.IsCancellationRequested &&
               Runtime - Stopwatch.GetElapsedTime(started) is var left && left > TimeSpan.Zero)
        {
            await Task.WhenAny(running, Task.Delay(Live is null || left < LiveInterval ? left : LiveInterval, stop));
            if (Live is not null)
            {
                var batchesNow = await ReadBatches();
                Live(BenchResult.From(
                    load.Recorders, Stopwatch.GetElapsedTime(started), Usage.Read(precise: false) - usage, batchesNow - batches,
                    BlockSize, Config));
            }
        }
    }
}
