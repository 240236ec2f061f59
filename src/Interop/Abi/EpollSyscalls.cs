using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Abi;

/// <summary>epoll_create1(2), epoll_ctl(2), epoll_wait(2).</summary>
internal static unsafe partial class EpollSyscalls
{
    public const int Add = 1;
    public const int Delete = 2;
    public const uint In = 1;

    private const int CloExec = 0x80000;

    /// <summary>Bytes of a <c>struct epoll_event</c>: packed on x86-64 alone.</summary>
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static readonly int DataOffset = EventSize - sizeof(ulong);

    /// <exception cref="AioContextException">No descriptor is left.</exception>
    public static SafeFileHandle Create()
    {
        var fd = Create1(CloExec);
        return fd >= 0
            ? new SafeFileHandle(fd, ownsHandle: true)
            : throw new AioContextException(
                (Errno)Marshal.GetLastPInvokeError(), "epoll_create1", "raise the limit of open files (ulimit -n)");
    }

    public static int Control(int epoll, int operation, int fd, uint events, long data)
    {
        var buffer = stackalloc byte[EventSize];
        *(uint*)buffer = events;
        *(long*)(buffer + DataOffset) = data;
        return Ctl(epoll, operation, fd, buffer);
    }

    /// <summary>
    /// Waits without a time-out. Returns how many are ready, or -1 with the errno in <see cref="Marshal.GetLastPInvokeError"/>.
    /// </summary>
    public static int WaitForever(int epoll, byte* events, int max) => Wait(epoll, events, max, -1);

    public static long DataOf(byte* events, int index) => *(long*)(events + (index * EventSize) + DataOffset);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create1(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Ctl(int epoll, int operation, int fd, byte* value);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int epoll, byte* events, int max, int timeout);
}
