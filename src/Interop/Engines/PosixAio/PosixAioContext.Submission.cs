using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.PosixAio;

// One call for each request, not lio_listio for the batch: that one goes on behind a request that it could not take, and can report
// EAGAIN although it took all. This way what was accepted is a prefix by construction; and as both only fill glibc's queue, without a
// system call of their own, the list would save nothing.
internal sealed unsafe partial class PosixAioContext
{
    private readonly int[] _states;

    // What has been submitted, in its order; as many places as there are slots, or more.
    private readonly int[] _order;
    private long _submitted;

    /// <inheritdoc/>
    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(requests.Length, Depth);
        foreach (ref readonly var request in requests)
        {
            // Before the first one is in flight: an exception has no count of those that are.
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)request.Opcode, (uint)IoOpcode.DataSync, nameof(requests));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)request.Slot, (uint)Depth, nameof(requests));
        }

        var accepted = 0;
        var errno = Errno.None;
        foreach (ref readonly var request in requests)
        {
            errno = Submit(request);
            if (errno != Errno.None)
            {
                break;
            }

            accepted++;
        }

        if (accepted == 0)
        {
            return new IoSubmitResult(0, errno);
        }

        // Dekker's handshake with a reaper that is about to sleep: it sees these operations, or we see it and let it look again.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _waiting) != 0 && Interlocked.Exchange(ref _waiting, 0) != 0)
        {
            _wake.Signal();
        }

        return new IoSubmitResult(accepted, Errno.None);
    }

    private Errno Submit(in IoRequest request)
    {
        var errno = Check(request);
        if (errno != Errno.None)
        {
            return errno;
        }

        var block = _blocks + request.Slot;
        *block = request.Vectors == 0
            ? Aiocb.Prep(request.Descriptor, request.Buffer, request.Length, request.Offset)
            : PrepareVectored(request);
        var result = request.Opcode switch
        {
            IoOpcode.Read => _library.Read((nint)block),
            IoOpcode.Write => _library.Write((nint)block),
            _ => _library.DataSync((nint)block),
        };
        if (result != 0)
        {
            return (Errno)Marshal.GetLastSystemError();
        }

        var syncs = request is { Opcode: IoOpcode.Write, Flags: RwFlags.DSync };
        Volatile.Write(
            ref _states[request.Slot],
            request.Vectors > 0 ? State.Vectored : syncs ? State.WriteBeforeSync : State.InFlight);
        _order[_submitted & (_order.Length - 1)] = request.Slot;
        Volatile.Write(ref _submitted, _submitted + 1);
        return Errno.None;
    }

    private static Errno Check(in IoRequest request)
    {
        // aio_read and aio_write have no flags; DSYNC is done in two steps.
        return !request.IsPossible ? Errno.EINVAL
            : (request.Flags & ~RwFlags.DSync) != RwFlags.None ? Errno.EOPNOTSUPP
            : Errno.None;
    }
}
