using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.LinuxAio;

/// <summary>An <c>io_context_t</c> that is destroyed exactly once.</summary>
internal sealed unsafe class AioContextHandle : SafeHandle
{
    private AioContextHandle(nint context)
        : base(0, ownsHandle: true) => SetHandle(context);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    // Not DangerousAddRef for every call: two interlocked operations an io_submit. The seam's contract is that nobody calls after Dispose.
    internal nint Context => handle;

    /// <summary>io_setup(2).</summary>
    /// <exception cref="AioContextException">The kernel refuses; says what to change.</exception>
    /// <exception cref="PlatformNotSupportedException">Not Linux, or neither x86-64 nor arm64.</exception>
    public static AioContextHandle Setup(long nrEvents)
    {
        SyscallTable.EnsureSupported();
        nint context = 0;
        if (AioSyscalls.IoSetup((uint)nrEvents, &context) == 0)
        {
            return new AioContextHandle(context);
        }

        var errno = (Errno)Marshal.GetLastPInvokeError();
        throw new AioContextException(errno, $"io_setup for {nrEvents} operations", errno switch
        {
            Errno.EAGAIN => AioLimits.Read().Remedy(nrEvents),
            Errno.ENOSYS => "this kernel is built without AIO (CONFIG_AIO)",
            Errno.EPERM => "a seccomp profile forbids it; allow io_setup, io_submit, io_getevents and io_destroy",
            Errno.ENOMEM => "not enough kernel memory; lower akka.io.aio.depth",
            _ => "lower akka.io.aio.depth",
        });
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => AioSyscalls.IoDestroy(handle) == 0;
}
