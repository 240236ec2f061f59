using System.Diagnostics;

namespace AkkaAio.Demo.Benching;

/// <summary>
/// The load of <c>--api tasks</c>: a loop for each operation outstanding, on the thread pool or, with <c>--dispatcher shard</c>, on the
/// shards' threads.
/// </summary>
internal sealed class TaskLoad(BenchOptions options, AioExt aio, AioFile file, long size, Blocks blocks) : ILoad, IDisposable
{
    // A loop goes on on whatever thread completes its operation: one recorder a thread, and not one a loop, stays in the cache.
    private readonly ThreadLocal<Recorder> _recorders = new(() => new Recorder(), trackAllValues: true);

    private readonly long _stripe = aio.Settings.StripeSize;

    public IEnumerable<Recorder> Recorders => _recorders.Values;

    public Task RunAsync(Phase phase) => Task.WhenAll(Enumerable.Range(0, options.Numjobs).SelectMany(requester =>
    {
        var workload = new Workload(options, size, requester);
        return Enumerable.Range(requester * options.Iodepth, options.Iodepth)
            .Select(index => Task.Run(() => LoopAsync(workload, blocks[index].Memory, requester, phase)));
    }));

    public void Dispose() => _recorders.Dispose();

    private async Task LoopAsync(Workload workload, Memory<byte> memory, int requester, Phase phase)
    {
        try
        {
            if (options.Dispatcher == RequesterDispatchers.Shard)
            {
                await file.OnShard((requester * _stripe) % size); // a requester a stripe, so that they are spread over the shards
            }

            var started = Stopwatch.GetTimestamp();
            while (!phase.IsStopped)
            {
                var (kind, offset) = workload.Next();
                switch (kind)
                {
                    case OperationKind.Read:
                        var count = await file.ReadAsync(memory, offset);
                        if (count != memory.Length)
                        {
                            throw ShortRead.Of(file, offset, count, memory.Length);
                        }

                        break;
                    case OperationKind.Write:
                        await file.WriteAsync(memory, offset);
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
