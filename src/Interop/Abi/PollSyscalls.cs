using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary><c>struct pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    public const short In = 1;

    public int Fd;
    public short Events;
    public short Revents;
}

/// <summary>ppoll(2): poll with nanoseconds.</summary>
internal static unsafe partial class PollSyscalls
{
    /// <summary>Waits until one of them is ready; a null timeout waits without limit.</summary>
    /// <returns>How many are ready, 0 when the time is over, or -1 with the errno in <see cref="Marshal.GetLastPInvokeError"/>.</returns>
    public static int Poll(PollFd* fds, int count, Timespec* timeout) => PPoll(fds, (nuint)count, timeout, null);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    private static partial int PPoll(PollFd* fds, nuint count, Timespec* timeout, void* sigset);
}
