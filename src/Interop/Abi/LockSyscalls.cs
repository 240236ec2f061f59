using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Abi;

/// <summary>
/// fcntl(2) with F_OFD_SETLK, and flock(2): locks that belong to an open file description, and end with its last descriptor. On a local
/// file system the two do not see each other.
/// </summary>
internal static unsafe partial class LockSyscalls
{
    // fcntl.h
    private const int FOfdSetLk = 37;
    private const short FRdLck = 0;
    private const short FWrLck = 1;

    // sys/file.h
    private const int LockSh = 1;
    private const int LockEx = 2;
    private const int LockNb = 4;

    /// <summary>Locks the whole file, without waiting.</summary>
    /// <returns><see cref="Errno.None"/>; EAGAIN or EACCES: another open has a lock that does not go with this one; or why not.</returns>
    public static Errno TryLock(SafeFileHandle file, bool exclusive)
    {
        var whole = new FLock { Type = exclusive ? FWrLck : FRdLck };
        Errno errno;
        do
        {
            errno = Fcntl(file, FOfdSetLk, &whole) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        }
        while (errno == Errno.EINTR);

        return errno;
    }

    /// <summary>flock(2) of the file, without waiting.</summary>
    /// <returns><see cref="Errno.None"/>; EAGAIN: another open has a lock that does not go with this one; or why not.</returns>
    public static Errno TryFlock(SafeFileHandle file, bool exclusive)
    {
        Errno errno;
        do
        {
            errno = Flock(file, (exclusive ? LockEx : LockSh) | LockNb) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        }
        while (errno == Errno.EINTR);

        return errno;
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle fd, int operation);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeFileHandle fd, int command, FLock* argument);

    /// <summary>struct flock of 64-bit Linux: from Start, relative to Whence, Length bytes (0: all); ProcessId must be 0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int ProcessId;
    }
}
