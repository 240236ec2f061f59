using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.LinuxAio;

// The kernel copies iocbs and iovecs during io_submit, so the slab is free again when the call returns; what must outlive the operation is the
// caller's buffer.
internal sealed unsafe partial class LinuxAioContext
{
    private readonly Iocb* _iocbs;
    private readonly Iocb** _pointers;
    private readonly MergedWrites _merged;

    // By iocb of the batch: how many requests it and those before it stand for.
    private readonly int[] _requestsUpTo;

    // What every iocb signals (IOCB_FLAG_RESFD); null: nothing.
    private EventFd? _completed;

    // Operations given to the kernel. The submitter's.
    private long _submitted;

    /// <inheritdoc/>
    public void SignalTo(EventFd completed) => _completed = completed;

    /// <inheritdoc/>
    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        // More than the slab has would be written over the heap.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(requests.Length, Depth);
        var nr = 0;
        for (var i = 0; i < requests.Length;)
        {
            ref readonly var request = ref requests[i];
            ref var iocb = ref _iocbs[nr];
            var count = MergedWrites.CountAtStart(requests[i..]);
            if (count == 1)
            {
                iocb = Iocb.Prep(
                    CommandOf(request), request.Descriptor, request.Buffer,
                    request.Vectors == 0 ? (ulong)request.Length : request.Vectors, request.Offset);
                iocb.Data = (uint)request.Slot;
            }
            else
            {
                iocb = _merged.Prepare(requests.Slice(i, count), i);
                iocb.Data = (uint)request.Slot | MergedFlag;
            }

            iocb.RwFlags = request.Flags;
            if (_completed is { } completed)
            {
                iocb.SetEventFd(completed.Descriptor);
            }

            i += count;
            _requestsUpTo[nr++] = i;
        }

        var accepted = AioSyscalls.IoSubmit(_context.Context, nr, _pointers);
        if (accepted < 0)
        {
            return new IoSubmitResult(0, (Errno)Marshal.GetLastPInvokeError());
        }

        Volatile.Write(ref _submitted, _submitted + accepted);
        return new IoSubmitResult(accepted == 0 ? 0 : _requestsUpTo[accepted - 1], Errno.None);
    }

    private static IocbCmd CommandOf(in IoRequest request) => request.Opcode switch
    {
        IoOpcode.Read => request.Vectors == 0 ? IocbCmd.PRead : IocbCmd.PReadV,
        IoOpcode.Write => request.Vectors == 0 ? IocbCmd.PWrite : IocbCmd.PWriteV,
        IoOpcode.DataSync => IocbCmd.FDSync,
        _ => throw new ArgumentOutOfRangeException(nameof(request), request.Opcode, "no such operation"),
    };
}
