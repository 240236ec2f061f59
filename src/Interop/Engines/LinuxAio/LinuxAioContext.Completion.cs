using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.LinuxAio;

// Events come out of the ring in user space where they are there already, and by io_getevents where they must be waited for.
internal sealed unsafe partial class LinuxAioContext
{
    // What iocb.Data carries besides the slot.
    private const ulong WakeData = ulong.MaxValue;

    private readonly SafeHandle _devNull;
    private readonly Iocb* _wakeIocb;
    private readonly AioRing* _ring;

    private IoEvent[] _events;

    // Dekker's handshake between Wake and a Reap that is about to block: each writes its own, then reads the other's.
    private int _wakeRequested;
    private int _waitingFor;

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
}
