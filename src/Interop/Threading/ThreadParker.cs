using System.Diagnostics;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Threading;

/// <summary>
/// Lets one thread sleep until another wakes it: futex(2) on Linux (x86-64, arm64), a monitor elsewhere. An <see cref="Unpark"/> before the
/// <see cref="Park()"/> is kept, and so is not lost; a second one before it is the same one.
/// </summary>
/// <remarks>
/// Not SemaphoreSlim, nor what Akka's dedicated threads wait on: those spin before they sleep, for as long as they like.
/// </remarks>
internal sealed unsafe class ThreadParker
{
    private const int Empty = 0;
    private const int Token = 1;
    private const int Parked = -1;

    // Pinned, and never freed by hand: an Unpark may come when the thread has ended.
    private readonly int[] _state = GC.AllocateArray<int>(1, pinned: true);
    private readonly object? _monitor = SyscallTable.IsSupported ? null : new object();

    /// <summary>Sleeps until there is a token, and takes it. May return without one, rarely: look again at what is waited for.</summary>
    public void Park() => Park(Timeout.InfiniteTimeSpan);

    /// <summary>As the other, for so long at most.</summary>
    public void Park(TimeSpan timeout)
    {
        if (Interlocked.CompareExchange(ref _state[0], Empty, Token) == Token ||
            Interlocked.CompareExchange(ref _state[0], Parked, Empty) == Token)
        {
            Interlocked.Exchange(ref _state[0], Empty); // a barrier: what is looked at after this is no older
            return;
        }

        if (_monitor is null)
        {
            fixed (int* address = _state)
            {
                var timespec = Timespec.From(timeout);
                _ = FutexSyscalls.Wait(address, Parked, timeout == Timeout.InfiniteTimeSpan ? null : &timespec);
            }
        }
        else
        {
            WaitOnMonitor(_monitor, timeout);
        }

        // A signal ends the wait too. Whatever it was: the caller looks, and parks again.
        Interlocked.Exchange(ref _state[0], Empty);
    }

    /// <summary>Wakes the thread that is parked, or keeps it from parking once.</summary>
    public void Unpark()
    {
        if (Interlocked.Exchange(ref _state[0], Token) != Parked)
        {
            return;
        }

        if (_monitor is null)
        {
            fixed (int* address = _state)
            {
                _ = FutexSyscalls.Wake(address, 1);
            }
        }
        else
        {
            lock (_monitor)
            {
                Monitor.Pulse(_monitor);
            }
        }
    }

    private void WaitOnMonitor(object monitor, TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        lock (monitor)
        {
            while (Volatile.Read(ref _state[0]) == Parked && Monitor.Wait(monitor, MonitorTime.Left(timeout, start)))
            {
            }
        }
    }
}
