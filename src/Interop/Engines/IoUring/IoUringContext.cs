using System.Diagnostics;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.IoUring;

/// <summary>One io_uring: the engine "io-uring".</summary>
/// <remarks>
/// <para>The kernel ties operations to the thread that submitted them: when it exits, what it has in flight may complete with
/// ECANCELED.</para>
/// <para>The kernel has read a request when io_uring_enter returns; what must outlive the operation is the caller's buffer. Nothing stays
/// in the queue between two submits: what the kernel did not consume is taken back.</para>
/// <para>Completions come out of the mapped queue; where they must be waited for, by ppoll of the ring and of an eventfd, which Wake
/// signals. io_uring_enter could wait too, but only a completion would end that, and a Wake has none to give: the submission queue is
/// not its own.</para>
/// </remarks>
internal sealed unsafe class IoUringContext : IIoContext
{
    private readonly IoUringRing _ring;
    private readonly EventFd _wake;

    // Requests that the kernel consumed. The submitter's.
    private long _submitted;

    // Completions taken out. The reaper's.
    private long _reaped;

    /// <summary>io_uring_setup(2) for <paramref name="depth"/> operations.</summary>
    /// <exception cref="AioContextException">The kernel refuses; says what to change.</exception>
    public IoUringContext(int depth)
        : this(depth, singleMmap: true)
    {
    }

    internal IoUringContext(int depth, bool singleMmap)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        Depth = depth;
        _ring = IoUringRing.Setup(depth, singleMmap);
        try
        {
            _wake = new EventFd(blocking: false);
        }
        catch
        {
            _ring.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Depth { get; }

    /// <inheritdoc/>
    public void SignalTo(EventFd completed)
    {
        ArgumentNullException.ThrowIfNull(completed);
        if (IoUringSyscalls.RegisterEventFd(_ring.Descriptor, completed.Descriptor) < 0)
        {
            throw new AioContextException(
                (Errno)Marshal.GetLastPInvokeError(), "io_uring_register", "leave akka.io.aio.reap.wait at getevents");
        }
    }

    /// <inheritdoc/>
    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(requests.Length, Depth);
        var tail = *_ring.SqTail;
        var nr = 0u;
        foreach (ref readonly var request in requests[..(int)Math.Min((uint)requests.Length, _ring.SqEntries)])
        {
            var opcode = OpcodeOf(request);
            if (!request.IsPossible)
            {
                if (nr == 0)
                {
                    return new IoSubmitResult(0, Errno.EINVAL);
                }

                break;
            }

            _ring.Sqes[(tail + nr++) & _ring.SqMask] = new IoUringSqe
            {
                Opcode = opcode,
                IoPrio = request.Priority,
                Fd = request.Descriptor,
                Offset = request.Offset,
                Address = request.Buffer,
                Length = request.Vectors == 0 ? (uint)request.Length : request.Vectors,
                OpFlags = opcode == IoUringOp.FSync ? IoUringSqe.FSyncDataSync : (uint)request.Flags,
                UserData = (uint)request.Slot,
            };
        }

        return nr == 0 ? default : Enter(tail, nr);
    }

    /// <summary>A request that does nothing: shows that this ring can be entered, too.</summary>
    internal IoSubmitResult SubmitNop(int slot)
    {
        var tail = *_ring.SqTail;
        _ring.Sqes[tail & _ring.SqMask] = new IoUringSqe { Opcode = IoUringOp.Nop, Fd = -1, UserData = (uint)slot };
        return Enter(tail, 1);
    }

    private IoSubmitResult Enter(uint tail, uint nr)
    {
        Volatile.Write(ref *_ring.SqTail, tail + nr);
        var result = IoUringSyscalls.Enter(_ring.Descriptor, nr, 0);
        var errno = result < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;

        // The head is the truth about what was consumed. Without SQPOLL the kernel reads the tail inside our own call only.
        var head = Volatile.Read(ref *_ring.SqHead);
        Volatile.Write(ref *_ring.SqTail, head);
        var consumed = (int)(head - tail);
        _submitted += consumed;
        return new IoSubmitResult(consumed, consumed > 0 ? Errno.None : MomentaryOr(errno));
    }

    // EBUSY (completions wait to be taken) is to the caller what EAGAIN is: reap, then come again.
    private static Errno MomentaryOr(Errno errno) => errno == Errno.EBUSY ? Errno.EAGAIN : errno;

    private static IoUringOp OpcodeOf(in IoRequest request) => request.Opcode switch
    {
        IoOpcode.Read => request.Vectors == 0 ? IoUringOp.Read : IoUringOp.ReadV,
        IoOpcode.Write => request.Vectors == 0 ? IoUringOp.Write : IoUringOp.WriteV,
        IoOpcode.DataSync => IoUringOp.FSync,
        _ => throw new ArgumentOutOfRangeException(nameof(request), request.Opcode, "no such operation"),
    };

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

    /// <summary>
    /// Waits for what is in flight, then unmaps and closes the ring. Closing alone would not wait, and the kernel would go on using the
    /// callers' memory.
    /// </summary>
    public void Dispose()
    {
        if (_ring.IsClosed)
        {
            return;
        }

        Drain();
        _ring.Dispose();
        _wake.Dispose();
    }
}
