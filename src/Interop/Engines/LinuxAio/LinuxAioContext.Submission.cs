using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.LinuxAio;

// The kernel copies iocbs and iovecs during io_submit, so the slab is free again when the call returns; what must outlive the operation
// is the caller's buffer.
internal sealed unsafe partial class LinuxAioContext
{
    private readonly Iocb* _iocbs;
    private readonly Iocb** _pointers;
    // What every iocb signals (IOCB_FLAG_RESFD); null: nothing.
    private EventFd? _completed;

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
}
