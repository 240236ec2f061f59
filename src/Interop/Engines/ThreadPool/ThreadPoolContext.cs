using System.Collections.Concurrent;
using System.Diagnostics;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Interop.Engines.ThreadPool;

/// <summary>Requests go to <see cref="WorkerThreads"/>, and completions come back through a queue.</summary>
internal sealed class ThreadPoolContext : IIoContext
{
    private readonly BlockingCalls _calls;
    private readonly WorkerThreads _workers;
    private long _submitted; // the submitter's

    private readonly ConcurrentQueue<IoCompletion> _completed = new();
    private int _there; // its count
    private int _wanted; // completions that a sleeping reaper waits for; 0: nobody sleeps
    private EventFd? _signal;

    private readonly ThreadParker _reaper = new();
    private bool _wake;

    // The reaper's, which the submitter reads.
    private long _reaped;

    public ThreadPoolContext(int depth, int maxThreads, BlockingCalls calls)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxThreads);
        Depth = depth;
        _calls = calls;
        _workers = new WorkerThreads(maxThreads, Perform);
    }

    public int Depth { get; }

    /// <summary>Threads that have been started.</summary>
    internal int Threads => _workers.Count;

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

        if (requests.IsEmpty)
        {
            return new IoSubmitResult(0, Errno.None);
        }

        var free = Depth - (int)(_submitted - Volatile.Read(ref _reaped));
        var accepted = Math.Min(requests.Length, free);
        if (accepted <= 0 || !_workers.HasOne())
        {
            return new IoSubmitResult(0, Errno.EAGAIN);
        }

        _submitted += accepted;
        _workers.Enqueue(requests[..accepted]);
        return new IoSubmitResult(accepted, Errno.None);
    }

    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        if (minNr < 0 || minNr > completions.Length)
        {
            throw new AioSystemException(Errno.EINVAL, "reap"); // as io_getevents does
        }

        if (Volatile.Read(ref _there) < minNr)
        {
            Sleep(minNr, timeout);
        }

        Volatile.Write(ref _wake, false);
        var count = 0;
        while (count < completions.Length && _completed.TryDequeue(out var completion))
        {
            completions[count++] = completion;
        }

        if (count > 0)
        {
            Interlocked.Add(ref _there, -count);
            Volatile.Write(ref _reaped, _reaped + count);
        }

        return count;
    }

    public void Wake()
    {
        Volatile.Write(ref _wake, true);
        _reaper.Unpark();
    }

    /// <summary>Waits for what is in flight.</summary>
    public void Dispose() => _workers.Dispose();

    private void Perform(IoRequest request)
    {
        _completed.Enqueue(new IoCompletion(request.Slot, _calls.Perform(request)));

        // Dekker's handshake with a reaper that is about to sleep: each writes its own, then reads the other's.
        var there = Interlocked.Increment(ref _there);
        var wanted = Volatile.Read(ref _wanted);
        if (wanted > 0 && there >= wanted)
        {
            _reaper.Unpark();
        }

        _signal?.Signal();
    }

    private void Sleep(int minNr, TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        Volatile.Write(ref _wanted, minNr);
        Interlocked.MemoryBarrier();
        while (Volatile.Read(ref _there) < minNr && !Volatile.Read(ref _wake) &&
               MonitorTime.Left(timeout, start) is var left && left != TimeSpan.Zero)
        {
            _reaper.Park(left);
        }

        Volatile.Write(ref _wanted, 0);
    }
}
