using System.Diagnostics;
using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>A load of asynchronous loops on the thread pool, one for each operation outstanding.</summary>
internal abstract class LoopLoad(BenchOptions options, long size, Blocks blocks) : ILoad, IDisposable
{
    private readonly ThreadLocal<Recorder> _recorders = new(() => new Recorder(), trackAllValues: true);

    public IEnumerable<Recorder> Recorders => _recorders.Values;

    public Task RunAsync(Phase phase) => Task.WhenAll(Enumerable.Range(0, options.Numjobs).SelectMany(job =>
    {
        var workload = new Workload(options, size, job);
        return Enumerable.Range(job * options.Iodepth, options.Iodepth)
            .Select(index => Task.Run(() => LoopAsync(workload, blocks[index], phase)));
    }));

    public void Dispose() => _recorders.Dispose();

    /// <summary>One operation.</summary>
    /// <returns>Bytes moved.</returns>
    protected abstract ValueTask<int> PerformAsync(OperationKind kind, long offset, AioBuffer block);

    private async Task LoopAsync(Workload workload, AioBuffer block, Phase phase)
    {
        try
        {
            var started = Stopwatch.GetTimestamp();
            while (!phase.IsStopped)
            {
                var (kind, offset) = workload.Next();
                var count = await PerformAsync(kind, offset, block);
                var now = Stopwatch.GetTimestamp();
                if (count != block.Length)
                {
                    throw new AioException($"{count} of {block.Length} bytes at offset {offset}");
                }

                if (phase.IsMeasuring)
                {
                    _recorders.Value!.Record(kind, started, now);
                }

                started = now;
            }
        }
        catch (Exception e)
        {
            _recorders.Value!.Fail(e);
        }
    }
}
