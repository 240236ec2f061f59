using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Abi;

/// <summary>
/// io_uring_setup(2), io_uring_enter(2) and io_uring_register(2) through <c>syscall(2)</c>: libc has no names for them. Their numbers are
/// the same on all architectures.
/// </summary>
internal static unsafe partial class IoUringSyscalls
{
    public const uint EnterGetEvents = 1 << 0;

    // What is mapped of the ring's descriptor.
    public const long OffsetSqRing = 0;
    public const long OffsetCqRing = 0x8000000;
    public const long OffsetSqes = 0x10000000;

    private const nint NumberSetup = 425;
    private const nint NumberEnter = 426;
    private const nint NumberRegister = 427;
    private const nint OpcodeRegisterEventFd = 4;
    private const int ProtReadWrite = 1 | 2;
    private const int MapSharedPopulate = 0x01 | 0x8000;

    public static SafeFileHandle? TrySetup(uint entries, ref IoUringParams parameters, out Errno errno)
    {
        fixed (IoUringParams* pointer = &parameters)
        {
            var fd = Syscall2(NumberSetup, (nint)entries, (nint)pointer);
            errno = fd < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
            return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
        }
    }

    /// <summary>Submits, and with <see cref="EnterGetEvents"/> lets the kernel post what it holds back. Never waits here.</summary>
    /// <returns>Requests consumed, or -1 with the errno in <see cref="Marshal.GetLastPInvokeError"/>.</returns>
    public static int Enter(int fd, uint toSubmit, uint flags) =>
        (int)Syscall6(NumberEnter, fd, (nint)toSubmit, 0, (nint)flags, 0, 0);

    /// <summary>Lets each completion signal an eventfd; -1 with the errno in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
    public static int RegisterEventFd(int fd, int eventFd) =>
        (int)Syscall6(NumberRegister, fd, OpcodeRegisterEventFd, (nint)(&eventFd), 1, 0, 0);

    /// <summary>Maps a part of the ring; -1 with the errno in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
    public static nint Map(int fd, nuint length, long offset) => MMap(0, length, ProtReadWrite, MapSharedPopulate, fd, offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int MUnmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MMap(nint address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall2(nint number, nint a, nint b);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall6(nint number, nint a, nint b, nint c, nint d, nint e, nint f);
}
