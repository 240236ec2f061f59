using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Threading;

/// <summary>epoll(7) over eventfds: one thread waits for many. Level-triggered: one that is not cleared is ready again.</summary>
internal sealed unsafe class EpollSet : IDisposable
{
    private const long WakeKey = -1;
    private const int MaxEvents = 64;

    private readonly SafeFileHandle _epoll;
    private readonly EventFd _wake;

    /// <summary>epoll_create1(2).</summary>
    /// <exception cref="AioContextException">No descriptor is left.</exception>
    public EpollSet()
    {
        _epoll = EpollSyscalls.Create();
        try
        {
            _wake = new EventFd(blocking: false);
            Add(_wake, WakeKey);
        }
        catch
        {
            _wake?.Dispose();
            _epoll.Dispose();
            throw;
        }
    }

    private int Descriptor => (int)_epoll.DangerousGetHandle();

    /// <summary>From any thread, also while another waits.</summary>
    /// <param name="signal">Ready when its counter is above zero, or has overflowed.</param>
    /// <param name="key">What <see cref="Wait"/> gives for it, 0 or above.</param>
    /// <exception cref="AioContextException">The limit of watched descriptors is reached.</exception>
    public void Add(EventFd signal, long key)
    {
        ArgumentNullException.ThrowIfNull(signal);
        if (EpollSyscalls.Control(Descriptor, EpollSyscalls.Add, signal.Descriptor, EpollSyscalls.In, key) < 0)
        {
            throw new AioContextException(
                (Errno)Marshal.GetLastPInvokeError(), "epoll_ctl", "see /proc/sys/fs/epoll/max_user_watches");
        }
    }

    /// <summary>From any thread. A <see cref="Wait"/> that has returned may have its key still.</summary>
    public void Remove(EventFd signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        _ = EpollSyscalls.Control(Descriptor, EpollSyscalls.Delete, signal.Descriptor, 0, 0); // ENOENT: it is out already
    }

    /// <summary>Waits until something is ready, or <see cref="Wake"/>.</summary>
    /// <returns>How many keys there are; 0 after a Wake or a signal.</returns>
    /// <exception cref="AioSystemException">epoll_wait failed.</exception>
    public int Wait(Span<long> keys)
    {
        var max = Math.Min(MaxEvents, keys.Length);
        var events = stackalloc byte[max * EpollSyscalls.EventSize];
        var ready = EpollSyscalls.WaitForever(Descriptor, events, max);
        if (ready < 0)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            return errno == Errno.EINTR ? 0 : throw new AioSystemException(errno, "epoll_wait");
        }

        var count = 0;
        for (var i = 0; i < ready; i++)
        {
            var key = EpollSyscalls.DataOf(events, i);
            if (key == WakeKey)
            {
                _wake.Clear();
            }
            else
            {
                keys[count++] = key;
            }
        }

        return count;
    }

    /// <summary>Ends the <see cref="Wait"/> that is under way, or the next. From any thread.</summary>
    public void Wake() => _wake.Signal();

    /// <summary>Not while a thread waits.</summary>
    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }
}
