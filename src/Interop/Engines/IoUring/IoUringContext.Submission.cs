using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.IoUring;

// The kernel has read a request when io_uring_enter returns; what must outlive the operation is the caller's buffer. Nothing stays in
// the queue between two submits: what the kernel did not consume is taken back.
internal sealed unsafe partial class IoUringContext
{
    // Requests that the kernel consumed. The submitter's.
    private long _submitted;

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
}
