using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.LinuxAio;

/// <summary>One <c>io_context_t</c> with its iocbs: the engine "linux-aio".</summary>
/// <remarks>
/// The kernel copies iocbs and iovecs during io_submit, so the slab is free again when the call returns; what must outlive the operation
/// is the caller's buffer. Events come out of the ring in user space where they are there already, otherwise by io_getevents.
/// </remarks>
internal sealed unsafe class LinuxAioContext : IIoContext
{
    // One more operation than the depth, for Wake: without it a full context could not be woken.
    private const int ReservedForWake = 1;

    // What iocb.Data carries besides the slot.
    private const ulong WakeData = ulong.MaxValue;

    private readonly AioContextHandle _context;
    private readonly Iocb* _iocbs;
    private readonly Iocb** _pointers;
    private readonly SafeHandle _devNull;
    private readonly Iocb* _wakeIocb;
    private readonly AioRing* _ring;
    private IoEvent[] _events;

    // What every iocb signals (IOCB_FLAG_RESFD); null: nothing.
    private EventFd? _completed;

    // Dekker's handshake between Wake and a Reap that is about to block: each writes its own, then reads the other's.
    private int _wakeRequested;
    private int _waitingFor;

    /// <summary>io_setup(2) for <paramref name="depth"/> operations.</summary>
    /// <param name="depth">Operations in flight.</param>
    /// <param name="userSpaceReap">Take events out of the ring without io_getevents where they are there already.</param>
    /// <exception cref="AioContextException">The kernel refuses; says what to change.</exception>
    public LinuxAioContext(int depth, bool userSpaceReap = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        Depth = depth;
        _context = AioContextHandle.Setup(ReservationOf(depth));
        try
        {
            _events = new IoEvent[Math.Min(depth + ReservedForWake, 256)];
            _devNull = FileSyscalls.OpenDevNull();
            _iocbs = (Iocb*)NativeMemory.AllocZeroed((nuint)depth + 1, (nuint)sizeof(Iocb));
            _pointers = (Iocb**)NativeMemory.Alloc((nuint)depth, (nuint)sizeof(Iocb*));
        }
        catch
        {
            // Not the finalizer's: an idle process may never collect, and each further try would reserve as much again.
            Release();
            throw;
        }

        _ring = userSpaceReap ? AioRing.Of(_context.Context) : null;
        for (var i = 0; i < depth; i++)
        {
            _pointers[i] = _iocbs + i;
        }

        // A read of no bytes from /dev/null completes inside io_submit; IOCB_CMD_NOOP would be EINVAL.
        _wakeIocb = _iocbs + depth;
        *_wakeIocb = Iocb.PrepPRead((int)_devNull.DangerousGetHandle(), 0, 0, 0);
        _wakeIocb->Data = WakeData;
    }

    /// <inheritdoc/>
    public int Depth { get; }

    /// <summary>The kernel's name for it, for tests that take its events away.</summary>
    internal nint Id => _context.Context;

    /// <summary>What a context of this depth charges to <c>fs.aio-nr</c>.</summary>
    public static long ReservationOf(int depth) => (long)depth + ReservedForWake;

    /// <inheritdoc/>
    public void SignalTo(EventFd completed) => _completed = completed;

    /// <inheritdoc/>
    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        // More than the slab has would be written over the heap.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(requests.Length, Depth);
        for (var i = 0; i < requests.Length; i++)
        {
            ref readonly var request = ref requests[i];
            ref var iocb = ref _iocbs[i];
            iocb = Iocb.Prep(
                CommandOf(request), request.Descriptor, request.Buffer,
                request.Vectors == 0 ? (ulong)request.Length : request.Vectors, request.Offset);
            iocb.Data = (uint)request.Slot;
            iocb.RwFlags = request.Flags;
            if (request.Priority != 0)
            {
                iocb.Flags = IocbFlags.IoPrio;
                iocb.ReqPrio = (short)request.Priority;
            }

            if (_completed is { } completed)
            {
                iocb.SetEventFd(completed.Descriptor);
            }
        }

        var accepted = AioSyscalls.IoSubmit(_context.Context, requests.Length, _pointers);
        return accepted < 0
            ? new IoSubmitResult(0, (Errno)Marshal.GetLastPInvokeError())
            : new IoSubmitResult(accepted, Errno.None);
    }

    private static IocbCmd CommandOf(in IoRequest request) => request.Opcode switch
    {
        IoOpcode.Read => request.Vectors == 0 ? IocbCmd.PRead : IocbCmd.PReadV,
        IoOpcode.Write => request.Vectors == 0 ? IocbCmd.PWrite : IocbCmd.PWriteV,
        IoOpcode.DataSync => IocbCmd.FDSync,
        _ => throw new ArgumentOutOfRangeException(nameof(request), request.Opcode, "no such operation"),
    };

    /// <inheritdoc/>
    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        if (minNr < 0 || minNr > completions.Length)
        {
            throw new AioSystemException(Errno.EINVAL, "io_getevents"); // as the kernel would
        }

        if (_events.Length < completions.Length)
        {
            _events = new IoEvent[completions.Length];
        }

        var written = _ring is null ? 0 : TakeOver(AioRing.Take(_ring, _events.AsSpan(0, completions.Length)), completions, 0);

        return written >= minNr && (written > 0 || _ring is not null)
            ? written
            : Wait(completions, written, minNr - written, timeout);
    }

    /// <inheritdoc/>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _wakeRequested, 1) != 0)
        {
            return;
        }

        // One event for each that the reaper waits for. More than one is beyond the reservation; the kernel's ring is about twice as
        // large as asked for, and where it is full after all, the reaper's time-out bounds the wait.
        var nr = Math.Clamp(Volatile.Read(ref _waitingFor), 1, Depth);
        var pointers = stackalloc Iocb*[1];
        pointers[0] = _wakeIocb;
        for (var i = 0; i < nr; i++)
        {
            if (AioSyscalls.IoSubmit(_context.Context, 1, pointers) != 1)
            {
                break;
            }
        }
    }

    private int Wait(Span<IoCompletion> completions, int written, int minNr, TimeSpan timeout)
    {
        var timespec = Timespec.From(timeout);
        Volatile.Write(ref _waitingFor, minNr);
        Interlocked.MemoryBarrier();
        var wait = Volatile.Read(ref _wakeRequested) == 0 ? minNr : 0;
        int count;
        fixed (IoEvent* events = _events)
        {
            count = AioSyscalls.IoGetEvents(
                _context.Context, wait, completions.Length - written, events,
                timeout == Timeout.InfiniteTimeSpan ? null : &timespec);
        }

        // Cleared only after the wait: a Wake that comes between this line and the next Reap is that one's.
        Volatile.Write(ref _wakeRequested, 0);
        if (count >= 0)
        {
            return TakeOver(count, completions, written);
        }

        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno == Errno.EINTR || written > 0 ? written : throw new AioSystemException(errno, "io_getevents");
    }

    private int TakeOver(int events, Span<IoCompletion> completions, int written)
    {
        for (var i = 0; i < events; i++)
        {
            ref readonly var completed = ref _events[i];
            if (completed.Data == WakeData)
            {
                continue;
            }

            completions[written++] = new IoCompletion((int)completed.Data, completed.Res);
        }

        return written;
    }

    /// <summary>io_destroy(2), which waits for what is in flight; takes some 30 ms. The memory of the iocbs goes after it.</summary>
    public void Dispose()
    {
        if (!_context.IsClosed)
        {
            Release();
        }
    }

    private void Release()
    {
        _context.Dispose();
        _devNull?.Dispose();
        NativeMemory.Free(_iocbs);
        NativeMemory.Free(_pointers);
    }
}
