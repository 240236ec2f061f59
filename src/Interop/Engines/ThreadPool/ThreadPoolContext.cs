using System.Diagnostics;
using System.Globalization;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Interop.Engines.ThreadPool;

/// <summary>Requests go to threads, and completions to the reaper; each way has a lock, which a batch takes once.</summary>
/// <remarks>
/// Threads are started when there is work that no idle one could take, up to the bound, and stay until Dispose. Idle they wait on a
/// monitor, which costs nothing.
/// </remarks>
internal sealed class ThreadPoolContext : ISignalsCompletions
{
    // The thread's own frames are few; the default of 8 MiB of address space counts where a container limits that.
    private const int StackSize = 256 << 10;

    private readonly BlockingCalls _calls;
    private readonly int _maxThreads;

    // The submitter's.
    private readonly List<Thread> _threads = [];
    private IoRequest[] _toHandOver = [];
    private IoCompletion[] _doneAtOnce = [];
    private long _submitted;

    // Under _work.
    private readonly object _work = new();
    private readonly Queue<IoRequest> _queue;
    private int _idle;
    private bool _stop;

    // Under _done.
    private readonly object _done = new();
    private readonly Queue<IoCompletion> _completed;
    private int _there; // its count, for a look without the lock
    private int _wanted; // completions that a sleeping reaper waits for; 0: nobody sleeps
    private bool _wake;
    private EventFd? _signal;

    // The reaper's, which the submitter reads.
    private long _reaped;

    public ThreadPoolContext(int depth, int maxThreads, BlockingCalls calls)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxThreads);
        Depth = depth;
        _maxThreads = maxThreads;
        _calls = calls;
        _queue = new Queue<IoRequest>(depth);
        _completed = new Queue<IoCompletion>(depth);
    }

    public int Depth { get; }

    /// <summary>Threads that have been started.</summary>
    internal int Threads => _threads.Count;

    public void SignalTo(EventFd completed) => _signal = completed;

    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(requests.Length, Depth);
        foreach (ref readonly var request in requests)
        {
            if (request.Opcode is < IoOpcode.Read or > IoOpcode.DataSync)
            {
                throw new ArgumentOutOfRangeException(nameof(requests), request.Opcode, "no such operation");
            }
        }

        var free = Depth - (int)(_submitted - Volatile.Read(ref _reaped));
        var accepted = Math.Min(requests.Length, free);
        if (requests.IsEmpty)
        {
            return new IoSubmitResult(0, Errno.None);
        }

        // Without any thread nothing that is accepted would ever be done.
        if (accepted <= 0 || (_threads.Count == 0 && !TryStartThread()))
        {
            return new IoSubmitResult(0, Errno.EAGAIN);
        }

        _submitted += accepted;
        var (left, atOnce) = DoAtOnce(requests[..accepted]);
        if (left > 0)
        {
            HandOver(_toHandOver.AsSpan(0, left));
        }

        if (atOnce > 0)
        {
            Complete(_doneAtOnce.AsSpan(0, atOnce));
        }

        return new IoSubmitResult(accepted, Errno.None);
    }

    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        if (minNr < 0 || minNr > completions.Length)
        {
            throw new AioSystemException(Errno.EINVAL, "reap"); // as io_getevents does
        }

        // A shard that polls must not take the lock from the threads each time.
        if (minNr == 0 && Volatile.Read(ref _there) == 0)
        {
            return 0;
        }

        var count = 0;
        lock (_done)
        {
            var start = minNr == 0 ? 0 : Stopwatch.GetTimestamp();
            do
            {
                _wanted = minNr;
            }
            while (_completed.Count < minNr && !_wake && Monitor.Wait(_done, MonitorTime.Left(timeout, start)));

            _wanted = 0;
            _wake = false;
            while (count < completions.Length && _completed.TryDequeue(out var completion))
            {
                completions[count++] = completion;
            }

            Volatile.Write(ref _there, _completed.Count);
        }

        Volatile.Write(ref _reaped, _reaped + count);
        return count;
    }

    public void Wake()
    {
        lock (_done)
        {
            _wake = true;
            Monitor.Pulse(_done);
        }
    }

    /// <summary>What is under way is done first; what no thread has begun is not done any more.</summary>
    public void Dispose()
    {
        lock (_work)
        {
            _stop = true;
            _queue.Clear();
            Monitor.PulseAll(_work);
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    // Reads that the page cache answers; the others are kept for the threads.
    private (int Left, int AtOnce) DoAtOnce(ReadOnlySpan<IoRequest> requests)
    {
        if (_toHandOver.Length < requests.Length)
        {
            _toHandOver = new IoRequest[requests.Length];
            _doneAtOnce = new IoCompletion[requests.Length];
        }

        var (left, atOnce) = (0, 0);
        foreach (ref readonly var request in requests)
        {
            if (request is { MayBeCached: true, Opcode: IoOpcode.Read, Vectors: 0, IsPossible: true } && _calls.TryCached(request, out var count))
            {
                _doneAtOnce[atOnce++] = new IoCompletion(request.Slot, count);
            }
            else
            {
                _toHandOver[left++] = request;
            }
        }

        return (left, atOnce);
    }

    private void HandOver(ReadOnlySpan<IoRequest> requests)
    {
        int missing;
        lock (_work)
        {
            foreach (ref readonly var request in requests)
            {
                _queue.Enqueue(request);
            }

            // Counted down here and not by the thread that wakes: the next batch must not count on the same thread.
            var woken = Math.Min(_idle, requests.Length);
            _idle -= woken;
            missing = requests.Length - woken;
            for (var i = 0; i < woken; i++)
            {
                Monitor.Pulse(_work);
            }
        }

        while (missing-- > 0 && _threads.Count < _maxThreads && TryStartThread())
        {
        }
    }

    // Refused (a limit on threads or memory): those that there are do it all, later.
    private bool TryStartThread()
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
        while (TryTake(out var request))
        {
            Complete([new IoCompletion(request.Slot, _calls.Perform(request))]);
        }
    }

    private bool TryTake(out IoRequest request)
    {
        lock (_work)
        {
            while (!_queue.TryDequeue(out request))
            {
                if (_stop)
                {
                    return false;
                }

                _idle++;
                Monitor.Wait(_work);
            }

            return true;
        }
    }

    private void Complete(ReadOnlySpan<IoCompletion> completions)
    {
        lock (_done)
        {
            foreach (ref readonly var completion in completions)
            {
                _completed.Enqueue(completion);
            }

            Volatile.Write(ref _there, _completed.Count);
            if (_wanted > 0 && _completed.Count >= _wanted)
            {
                _wanted = 0;
                Monitor.Pulse(_done);
            }
        }

        _signal?.Signal();
    }
}
