using System.Diagnostics;

namespace AkkaAio.Demo.Benching;

/// <summary>The load of <c>--api tasks</c>: a loop for each operation outstanding, on the thread pool.</summary>
internal sealed class TaskLoad(BenchOptions options, AioFile file, long size, Blocks blocks) : ILoad, IDisposable
{
    // A loop goes on on whatever thread completes its operation: one recorder a thread, and not one a loop, stays in the cache.
    private readonly ThreadLocal<Recorder> _recorders = new(() => new Recorder(), trackAllValues: true);

    public IEnumerable<Recorder> Recorders => _recorders.Values;

    public Task RunAsync(Phase phase) => Task.WhenAll(Enumerable.Range(0, options.Numjobs).SelectMany(requester =>
    {
        var workload = new Workload(options, size, requester);
        return Enumerable.Range(requester * options.Iodepth, options.Iodepth)
            .Select(index => Task.Run(() => LoopAsync(workload, blocks[index].Memory, phase)));
    }));

    public void Dispose() => _recorders.Dispose();

    private async Task LoopAsync(Workload workload, Memory<byte> memory, Phase phase)
    {
        try
        {
            var started = Stopwatch.GetTimestamp();
            while (!phase.IsStopped)
            {
                var (kind, offset) = workload.Next();
                switch (kind)
                {
                    case OperationKind.Read:
                        var count = await file.ReadAsync(offset, memory);
                        if (count != memory.Length)
                        {
                            throw ShortRead.Of(file, offset, count, memory.Length);
                        }

                        break;
                    case OperationKind.Write:
                        await file.WriteAsync(offset, memory);
                        break;
                    default:
                        await file.FlushAsync();
                        break;
                }

                var now = Stopwatch.GetTimestamp();
                if (phase.IsMeasuring)
                {
                    _recorders.Value!.Record(kind, started, now);
                }

                started = now;
            }
        }
        catch (Exception e)
        {
            _recorders.Value!.Fail(e); // as fio: the loop ends with its first error
        }
    }
}
