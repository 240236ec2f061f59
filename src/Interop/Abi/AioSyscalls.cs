using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary>
/// The six AIO system calls, through <c>syscall(2)</c>: libaio.so has another name on every other distribution
/// (<c>libaio.so.1</c>, <c>libaio.so.1t64</c>), libc has not. Each returns what the kernel returns, or -1 with the errno in
/// <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static unsafe partial class AioSyscalls
{
    private static readonly SyscallTable Numbers = SyscallTable.Current;

    /// <summary>io_setup(2): makes a context for <paramref name="nrEvents"/> operations.</summary>
    public static int IoSetup(uint nrEvents, nint* context) =>
        (int)Syscall2(Numbers.IoSetup, (nint)nrEvents, (nint)context);

    /// <summary>io_destroy(2): unmaps the ring at once, then waits for what is in flight.</summary>
    public static int IoDestroy(nint context) => (int)Syscall1(Numbers.IoDestroy, context);

    /// <summary>io_submit(2): the count accepted; an errno only when the first iocb is the bad one.</summary>
    public static int IoSubmit(nint context, nint nr, Iocb** iocbs) =>
        (int)Syscall3(Numbers.IoSubmit, context, nr, (nint)iocbs);

    /// <summary>io_getevents(2): the count of events written. A null timeout waits without limit.</summary>
    public static int IoGetEvents(nint context, nint minNr, nint nr, IoEvent* events, Timespec* timeout) =>
        (int)Syscall5(Numbers.IoGetEvents, context, minNr, nr, (nint)events, (nint)timeout);

    /// <summary>io_pgetevents(2): io_getevents with a signal mask; <paramref name="sigset"/> is a <c>struct __aio_sigset*</c>.</summary>
    public static int IoPGetEvents(nint context, nint minNr, nint nr, IoEvent* events, Timespec* timeout, void* sigset) =>
        (int)Syscall6(Numbers.IoPGetEvents, context, minNr, nr, (nint)events, (nint)timeout, (nint)sigset);

    /// <summary>io_cancel(2): the kernel can cancel polls only; for reads and writes the errno is EINVAL.</summary>
    public static int IoCancel(nint context, Iocb* iocb, IoEvent* result) =>
        (int)Syscall3(Numbers.IoCancel, context, (nint)iocb, (nint)result);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall1(nint number, nint a);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall2(nint number, nint a, nint b);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall3(nint number, nint a, nint b, nint c);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint Syscall5(nint number, nint a, nint b, nint c, nint d, nint e);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall6(nint number, nint a, nint b, nint c, nint d, nint e, nint f);
}
