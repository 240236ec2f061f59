using System.Globalization;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Interop.Engines.ThreadPool;

/// <summary>
/// Threads that perform requests, one at a time each. One is started where none is idle, up to a bound; they stay until
/// <see cref="Dispose"/>.
/// </summary>
/// <param name="max">The most threads.</param>
/// <param name="perform">Does a request and reports its end; does not throw.</param>
internal sealed class WorkerThreads(int max, Action<IoRequest> perform) : IDisposable
{
    // The default of 8 MiB of address space counts where a container limits that.
    private const int StackSize = 256 << 10;

    private readonly Lock _lock = new();
    private readonly Queue<IoRequest> _queue = new();

    // The last one in front: its stack is in the cache still.
    private readonly Stack<Worker> _idle = new();
    private readonly List<Thread> _threads = [];
    private bool _stop;

    /// <summary>Threads that have been started.</summary>
    public int Count => _threads.Count;

    /// <summary>Submitter: makes sure of one thread, without which nothing would ever be done. False: the system gives none.</summary>
    public bool HasOne() => _threads.Count > 0 || TryStart();

    /// <summary>Submitter: hands requests over. Each has a thread that is awake, unless all are at work.</summary>
    public void Enqueue(ReadOnlySpan<IoRequest> requests)
    {
        foreach (ref readonly var request in requests)
        {
            Worker? worker;
            lock (_lock)
            {
                _queue.Enqueue(request);
                _idle.TryPop(out worker);
            }

            if (worker is not null)
            {
                worker.Wake();
            }
            else if (_threads.Count < max)
            {
                TryStart();
            }
        }
    }

    /// <summary>What has been handed over is done first, as io_destroy(2) waits for what is in flight.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stop = true;
            while (_idle.TryPop(out var worker))
            {
                worker.Wake();
            }
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
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
            IoRequest request;
            bool found;
            lock (_lock)
            {
                found = _queue.TryDequeue(out request);
                if (!found && _stop)
                {
                    return;
                }

                if (!found)
                {
                    self.Prepare();
                    _idle.Push(self);
                }
            }

            if (found)
            {
                perform(request);
            }
            else
            {
                self.Park();
            }
        }
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
