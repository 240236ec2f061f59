using System.Diagnostics;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.IoUring;

// Completions come out of the mapped queue; where they must be waited for, by ppoll of the ring and of an eventfd, which Wake signals.
// io_uring_enter could wait too, but only a completion would end that, and a Wake has none to give: the submission queue is not its own.
internal sealed unsafe partial class IoUringContext
{
    // Completions taken out. The reaper's.
    private long _reaped;

    /// <inheritdoc/>
    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        if (minNr < 0 || minNr > completions.Length)
        {
            throw new AioSystemException(Errno.EINVAL, "io_uring_enter"); // as io_getevents does
        }

        var written = Take(completions);
        if (written >= minNr)
        {
            return written;
        }

        var endless = timeout == Timeout.InfiniteTimeSpan;
        var start = endless ? 0 : Stopwatch.GetTimestamp();
        var left = timeout;
        while (true)
        {
            // What has come is taken out at once: the ring is ready for as long as there is anything in it.
            var goOn = Wait(endless ? null : left);
            written += Take(completions[written..]);
            if (!goOn || written >= minNr)
            {
                return written;
            }

            left = endless ? left : timeout - Stopwatch.GetElapsedTime(start);
        }
    }

    /// <inheritdoc/>
    public void Wake() => _wake.Signal();

    /// <returns>False when the time is over, a signal came or Wake was called.</returns>
    private bool Wait(TimeSpan? timeout)
    {
        var fds = stackalloc PollFd[2];
        fds[0] = new PollFd { Fd = _ring.Descriptor, Events = PollFd.In };
        fds[1] = new PollFd { Fd = _wake.Descriptor, Events = PollFd.In };
        var timespec = Timespec.From(timeout ?? TimeSpan.Zero);
        var ready = PollSyscalls.Poll(fds, 2, timeout is null ? null : &timespec);
        if (ready < 0)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            return errno == Errno.EINTR ? false : throw new AioSystemException(errno, "ppoll");
        }

        if (fds[1].Revents != 0)
        {
            _wake.Clear();
            return false;
        }

        if (fds[0].Revents != 0 && Volatile.Read(ref *_ring.CqTail) == *_ring.CqHead)
        {
            // Ready, but empty: the kernel keeps completions that found no place, and posts them on this call only. Without it the poll
            // would spin. Not seen, as the queue takes the whole depth.
            _ = IoUringSyscalls.Enter(_ring.Descriptor, 0, IoUringSyscalls.EnterGetEvents);
        }

        return ready > 0;
    }

    private int Take(Span<IoCompletion> completions)
    {
        var head = *_ring.CqHead;
        var count = (int)Math.Min(Volatile.Read(ref *_ring.CqTail) - head, (uint)completions.Length);
        for (var i = 0; i < count; i++)
        {
            ref readonly var cqe = ref _ring.Cqes[head++ & _ring.CqMask];
            completions[i] = new IoCompletion((int)cqe.UserData, cqe.Res);
        }

        if (count > 0)
        {
            _reaped += count;
            Volatile.Write(ref *_ring.CqHead, head); // gives the places back to the kernel: not before they have been read
        }

        return count;
    }

    private void Drain()
    {
        Span<IoCompletion> dropped = stackalloc IoCompletion[64];
        while (_reaped < _submitted)
        {
            Reap(dropped, 1, Timeout.InfiniteTimeSpan);
        }
    }
}
