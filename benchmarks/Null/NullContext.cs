using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Benchmarks.Null;

/// <summary>
/// A ring of completions from the submitting thread to the reaping one, as the kernel's is: no lock while both are busy. A reaper that
/// finds it empty sleeps until there is enough in it.
/// </summary>
internal sealed class NullContext : IIoContext
{
    private readonly IoCompletion[] _ring;
    private readonly object _lock = new();
    private Padded _head; // the reaper's
    private Padded _tail; // the submitter's
    private Padded _wanted; // completions that a sleeping reaper waits for; 0: nobody sleeps
    private bool _wake;
    private EventFd? _signal;

    public NullContext(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        Depth = depth;
        _ring = new IoCompletion[(int)BitOperations.RoundUpToPowerOf2((uint)depth)];
    }

    public int Depth { get; }

    private int Available => (int)(Volatile.Read(ref _tail.Value) - Volatile.Read(ref _head.Value));

    public void SignalTo(EventFd completed) => _signal = completed;

    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        var accepted = Math.Min(requests.Length, Depth - Available);
        if (accepted == 0)
        {
            return new IoSubmitResult(0, requests.IsEmpty ? Errno.None : Errno.EAGAIN);
        }

        var tail = _tail.Value;
        foreach (ref readonly var request in requests[..accepted])
        {
            _ring[(int)tail++ & (_ring.Length - 1)] =
                new IoCompletion(request.Slot, request.Opcode == IoOpcode.DataSync ? 0 : request.Length);
        }

        // Dekker's handshake with a reaper that is about to sleep: each writes its own, then reads the other's.
        Volatile.Write(ref _tail.Value, tail);
        Interlocked.MemoryBarrier();
        var wanted = Volatile.Read(ref _wanted.Value);
        if (wanted > 0 && Available >= wanted)
        {
            lock (_lock)
            {
                _wanted.Value = 0;
                Monitor.Pulse(_lock);
            }
        }

        _signal?.Signal();
        return new IoSubmitResult(accepted, Errno.None);
    }

    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        if (minNr < 0 || minNr > completions.Length)
        {
            throw new AioSystemException(Errno.EINVAL, "io_getevents"); // as the kernel does
        }

        if (Available < minNr)
        {
            Sleep(minNr, timeout);
        }

        Volatile.Write(ref _wake, false);
        var count = Math.Min(Available, completions.Length);
        var head = _head.Value;
        for (var i = 0; i < count; i++)
        {
            completions[i] = _ring[(int)head++ & (_ring.Length - 1)];
        }

        Volatile.Write(ref _head.Value, head);
        return count;
    }

    public void Wake()
    {
        lock (_lock)
        {
            _wake = true;
            Monitor.Pulse(_lock);
        }
    }

    public void Dispose()
    {
        // Nothing is in flight that could outlive this.
    }

    private void Sleep(int minNr, TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            do
            {
                Volatile.Write(ref _wanted.Value, minNr);
                Interlocked.MemoryBarrier();
            }
            while (Available < minNr && !_wake && Monitor.Wait(_lock, MonitorTime.Left(timeout, start)));

            _wanted.Value = 0;
        }
    }

    /// <summary>A number on cache lines of its own: the two threads would else take them from each other.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Padded
    {
        [FieldOffset(64)]
        public long Value;
    }
}
