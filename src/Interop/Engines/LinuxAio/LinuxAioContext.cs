using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.LinuxAio;

/// <summary>One <c>io_context_t</c> with its iocbs: the engine "linux-aio".</summary>
/// <remarks>
/// Submission is in this file's first half, completion in the second. The kernel copies the iocbs during io_submit, so the slab is
/// free again when the call returns; what must outlive the operation is the caller's buffer.
/// </remarks>
public sealed unsafe class LinuxAioContext : IIoContext
{
    // One more operation than the depth, for Wake: without it a full context could not be woken.
    private const int ReservedForWake = 1;
    private const ulong WakeData = ulong.MaxValue;

    private readonly AioContextHandle _context;
    private readonly SafeHandle _devNull;
    private readonly Iocb* _iocbs;
    private readonly Iocb** _pointers;
    private readonly Iocb* _wakeIocb;
    private IoEvent[] _events;

    // Dekker's handshake between Wake and a Reap that is about to block: each writes its own, then reads the other's.
    private int _wakeRequested;
    private int _waitingFor;

    /// <summary>io_setup(2) for <paramref name="depth"/> operations.</summary>
    /// <exception cref="AioContextException">The kernel refuses; says what to change.</exception>
    public LinuxAioContext(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        Depth = depth;
        _context = AioContextHandle.Setup(ReservationOf(depth));
        _devNull = FileSyscalls.OpenDevNull();
        _iocbs = (Iocb*)NativeMemory.AllocZeroed((nuint)depth + 1, (nuint)sizeof(Iocb));
        _pointers = (Iocb**)NativeMemory.Alloc((nuint)depth, (nuint)sizeof(Iocb*));
        for (var i = 0; i < depth; i++)
        {
            _pointers[i] = _iocbs + i;
        }

        // A read of no bytes from /dev/null completes inside io_submit; IOCB_CMD_NOOP would be EINVAL.
        _wakeIocb = _iocbs + depth;
        *_wakeIocb = Iocb.PrepPRead((int)_devNull.DangerousGetHandle(), 0, 0, 0);
        _wakeIocb->Data = WakeData;
        _events = new IoEvent[Math.Min(depth + ReservedForWake, 256)];
    }

    /// <inheritdoc/>
    public int Depth { get; }

    /// <summary>What a context of this depth charges to <c>fs.aio-nr</c>.</summary>
    public static long ReservationOf(int depth) => (long)depth + ReservedForWake;

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
                CommandOf(request.Opcode), request.Descriptor, request.Buffer, (ulong)request.Length, request.Offset);
            iocb.RwFlags = request.Flags;
            iocb.Data = (ulong)request.Slot;
        }

        var accepted = AioSyscalls.IoSubmit(_context.Context, requests.Length, _pointers);
        return accepted >= 0
            ? new IoSubmitResult(accepted, Errno.None)
            : new IoSubmitResult(0, (Errno)Marshal.GetLastPInvokeError());
    }

    /// <inheritdoc/>
    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        if (_events.Length < completions.Length)
        {
            _events = new IoEvent[completions.Length];
        }

        var timespec = Timespec.From(timeout);
        Volatile.Write(ref _waitingFor, minNr);
        Interlocked.MemoryBarrier();
        var wait = Volatile.Read(ref _wakeRequested) == 0 ? minNr : 0;
        int count;
        fixed (IoEvent* events = _events)
        {
            count = AioSyscalls.IoGetEvents(
                _context.Context, wait, completions.Length, events,
                timeout == Timeout.InfiniteTimeSpan ? null : &timespec);
        }

        // Cleared only after the wait: a Wake that comes between this line and the next Reap is that one's.
        Volatile.Write(ref _wakeRequested, 0);
        if (count < 0)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            return errno == Errno.EINTR ? 0 : throw new AioSystemException(errno, "io_getevents");
        }

        var written = 0;
        for (var i = 0; i < count; i++)
        {
            ref readonly var completed = ref _events[i];
            if (completed.Data != WakeData)
            {
                completions[written++] = new IoCompletion((int)completed.Data, completed.Res);
            }
        }

        return written;
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

    /// <summary>io_destroy(2), which waits for what is in flight; takes some 30 ms. The memory of the iocbs goes after it.</summary>
    public void Dispose()
    {
        if (_context.IsClosed)
        {
            return;
        }

        _context.Dispose();
        _devNull.Dispose();
        NativeMemory.Free(_iocbs);
        NativeMemory.Free(_pointers);
    }

    private static IocbCmd CommandOf(IoOpcode opcode) => opcode switch
    {
        IoOpcode.Read => IocbCmd.PRead,
        IoOpcode.Write => IocbCmd.PWrite,
        IoOpcode.DataSync => IocbCmd.FDSync,
        _ => throw new ArgumentOutOfRangeException(nameof(opcode), opcode, "no such operation"),
    };
}
