using System.Collections.Concurrent;
using System.Diagnostics;

namespace AkkaAio.Cluster.Leases;

/// <summary>
/// One thread per shared folder for what blocks on its leases. Otherwise a file server that does not answer would block the pool's
/// threads, one for each shard, and with them the node's heartbeats.
/// </summary>
internal sealed class LeaseThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly ConcurrentDictionary<AioFileLease, TimeSpan> _checked = [];

    public LeaseThread(string folder) => new Thread(Run) { Name = $"aio-lease {folder}", IsBackground = true }.Start();

    public Task<T> Run<T>(Func<T> call)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _work.Add(() =>
            {
                try
                {
                    result.SetResult(call());
                }
                catch (Exception e)
                {
                    result.SetException(e);
                }
            });
        }
        catch (InvalidOperationException)
        {
            result.SetException(new ObjectDisposedException(nameof(LeaseThread), "the actor system has terminated"));
        }

        return result.Task;
    }

    /// <summary>From now on the lease is looked at every so often.</summary>
    public void Watch(AioFileLease lease, TimeSpan every) => _checked[lease] = every;

    public void Unwatch(AioFileLease lease) => _checked.TryRemove(lease, out _);

    public void Dispose() => _work.CompleteAdding();

    private void Run()
    {
        var last = Stopwatch.GetTimestamp(); // of the checks
        while (!_work.IsCompleted)
        {
            var times = _checked.Values; // as they are now: a lease may be unlocked meanwhile
            var every = times.Count == 0 ? Timeout.InfiniteTimeSpan : times.Min();
            var wait = every == Timeout.InfiniteTimeSpan ? every : every - Stopwatch.GetElapsedTime(last);
            if (_work.TryTake(out var work, wait < TimeSpan.Zero && every != wait ? TimeSpan.Zero : wait))
            {
                work();
            }

            if (every != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(last) >= every)
            {
                foreach (var lease in _checked.Keys)
                {
                    lease.Check();
                }

                last = Stopwatch.GetTimestamp();
            }
        }
    }
}
