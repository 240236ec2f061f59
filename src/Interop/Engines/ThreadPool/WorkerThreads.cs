using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Interop.Engines.ThreadPool;

/// <summary>
/// Threads that perform requests, one at a time each. They are started when there is work that no idle one could take, up to a bound, and
/// stay until <see cref="Dispose"/>. One without work looks for more for a moment, then parks, which costs nothing.
/// </summary>
/// <param name="max">The most threads.</param>
/// <param name="perform">Does a request and reports its end; does not throw.</param>
internal sealed class WorkerThreads(int max, Action<IoRequest> perform) : IDisposable
{
    // Actors may run on it, with code of their users; the default of 8 MiB of address space counts where a container limits that.
    private const int StackSize = 1 << 20;

    // More that look at one time would take the processors from those who bring the work.
    private const int MostLooking = 4;

    // Above the way of a completion to its requester and of the next request back; a wake-up costs more than that.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(0.05);

    private readonly ConcurrentQueue<IoRequest> _queue = new();

    // The submitter's.
    private readonly List<Thread> _threads = [];

    // The parked ones, the last in front: its stack is in the cache still.
    private readonly Lock _parking = new();
    private readonly Stack<Worker> _parked = new();

    private int _looking;

    // Threads that will look into the queue in a moment, and that nobody counts on yet.
    private int _coming;
    private volatile bool _stop;

    /// <summary>Threads that have been started.</summary>
    public int Count => _threads.Count;

    /// <summary>Submitter: makes sure of one thread, without which nothing would ever be done. False: the system gives none.</summary>
    public bool HasOne() => _threads.Count > 0 || TryStart();

    /// <summary>Submitter: hands requests over.</summary>
    public void Enqueue(ReadOnlySpan<IoRequest> requests)
    {
        foreach (ref readonly var request in requests)
        {
            _queue.Enqueue(request);
        }

        // Who comes back is counted on once: the next batch must not count on the same thread. One that stops looking at this moment looks
        // into the queue again before it parks.
        for (var wanted = requests.Length; wanted > 0; wanted--)
        {
            if (!TryTakeComing() && !WakeOne() && !(_threads.Count < max && TryStart()))
            {
                return; // all are at work, and come back to the queue
            }
        }
    }

    /// <summary>What is under way is done first; what no thread has begun is not done any more.</summary>
    public void Dispose()
    {
        _stop = true;
        _queue.Clear();
        while (WakeOne())
        {
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    /// <summary>One of these threads: does something that may enqueue requests, one of which it will then take itself.</summary>
    public void RunAside(Action action)
    {
        Interlocked.Increment(ref _coming);
        action();
        TryTakeComing();
    }

    // Perhaps another than the one that is meant: then one too few is counted on, and one too many woken.
    private bool TryTakeComing()
    {
        for (var coming = Volatile.Read(ref _coming); coming > 0;)
        {
            var before = Interlocked.CompareExchange(ref _coming, coming - 1, coming);
            if (before == coming)
            {
                return true;
            }

            coming = before;
        }

        return false;
    }

    private bool WakeOne()
    {
        Worker? worker;
        lock (_parking)
        {
            if (!_parked.TryPop(out worker))
            {
                return false;
            }
        }

        worker.Wake();
        return true;
    }

    // Refused (a limit on threads or memory): those that there are do it all, later.
    private bool TryStart()
    {
        try
        {
            var thread = new Thread(Run, StackSize)
            {
                IsBackground = true,
                Name = string.Create(CultureInfo.InvariantCulture, $"akka-aio-io-{_threads.Count}"),
            };
            thread.UnsafeStart();
            _threads.Add(thread);
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
    }

    private void Run()
    {
        var self = new Worker();
        while (true)
        {
            if (_queue.TryDequeue(out var request))
            {
                perform(request);
            }
            else if (!HasMore() && !TryPark(self))
            {
                return;
            }
        }
    }

    private bool HasMore()
    {
        if (Interlocked.Increment(ref _looking) > MostLooking)
        {
            Interlocked.Decrement(ref _looking);
            return false;
        }

        Interlocked.Increment(ref _coming);
        var found = false;
        for (var start = Stopwatch.GetTimestamp(); !found && !_stop && Stopwatch.GetElapsedTime(start) < Look; found = !_queue.IsEmpty)
        {
            if (!Thread.Yield())
            {
                Thread.SpinWait(20);
            }
        }

        TryTakeComing();
        Interlocked.Decrement(ref _looking);
        return found;
    }

    // False: the end.
    private bool TryPark(Worker self)
    {
        lock (_parking)
        {
            // Under the lock: who enqueues after this look finds us among the parked.
            if (_stop)
            {
                return false;
            }

            if (!_queue.IsEmpty)
            {
                return true;
            }

            self.Prepare();
            _parked.Push(self);
        }

        self.Park();
        return true;
    }

    private sealed class Worker
    {
        private readonly ThreadParker _parker = new();
        private volatile bool _woken;

        public void Prepare() => _woken = false;

        public void Park()
        {
            while (!_woken)
            {
                _parker.Park();
            }
        }

        public void Wake()
        {
            _woken = true;
            _parker.Unpark();
        }
    }
}
