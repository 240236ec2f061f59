using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Abi;

/// <summary>The system calls on names below an open folder: openat2, openat, mkdirat, unlinkat, renameat2, fsync.</summary>
internal static unsafe partial class FolderSyscalls
{
    // linux/openat2.h; one number on every architecture.
    private const long OpenAt2Number = 437;
    private const ulong ResolveNoXDev = 0x01;
    private const ulong ResolveNoMagicLinks = 0x02;
    private const ulong ResolveNoSymlinks = 0x04;
    private const ulong ResolveBeneath = 0x08;

    // linux/fs.h
    private const uint RenameNoReplace = 1;

    private const ulong FileMode = 0x1B6;
    private const uint FolderMode = 0x1FF;

    private static readonly SyscallTable Table = SyscallTable.Current;

    /// <summary>O_DIRECTORY.</summary>
    public static int Directory => Table.ODirectory;

    /// <summary>O_NOFOLLOW: the last segment is no symbolic link.</summary>
    public static int NoFollow => Table.ONoFollow;

    /// <summary>openat2(2): nothing outside the folder, no link on the way, no other mount.</summary>
    public static SafeFileHandle? TryOpenBeneath(SafeFileHandle folder, string name, int flags, out Errno errno)
    {
        var how = new OpenHow
        {
            Flags = (ulong)(flags | FileSyscalls.OCloExec),
            Mode = (flags & FileSyscalls.OCreat) != 0 ? FileMode : 0,
            Resolve = ResolveBeneath | ResolveNoSymlinks | ResolveNoMagicLinks | ResolveNoXDev,
        };
        nint fd;
        do
        {
            fd = OpenAt2(OpenAt2Number, folder, name, &how, sizeof(OpenHow));
            errno = fd < 0 ? LastErrno() : Errno.None;
        }
        while (errno is Errno.EINTR);

        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>openat(2) of one segment.</summary>
    public static SafeFileHandle? TryOpenAt(SafeFileHandle folder, string segment, int flags, out Errno errno)
    {
        nint fd;
        do
        {
            fd = OpenAt(folder, segment, flags | FileSyscalls.OCloExec, (int)FileMode);
            errno = fd < 0 ? LastErrno() : Errno.None;
        }
        while (errno is Errno.EINTR);

        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    public static Errno MakeFolder(SafeFileHandle folder, string segment) => Retry(() => MkDirAt(folder, segment, FolderMode));

    public static Errno Remove(SafeFileHandle folder, string segment) => Retry(() => UnlinkAt(folder, segment, 0));

    public static Errno Rename(SafeFileHandle from, string segment, SafeFileHandle to, string newSegment, bool replace) =>
        Retry(() => RenameAt2(from, segment, to, newSegment, replace ? 0 : RenameNoReplace));

    /// <summary>fsync(2). EINVAL: the file system has nothing to sync here.</summary>
    public static Errno Sync(SafeFileHandle folder) => Retry(() => FSync(folder)) is var errno and not Errno.EINVAL ? errno : Errno.None;

    private static Errno Retry(Func<int> call)
    {
        Errno errno;
        do
        {
            errno = call() < 0 ? LastErrno() : Errno.None;
        }
        while (errno is Errno.EINTR);

        return errno;
    }

    private static Errno LastErrno() => (Errno)Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenAt2(long number, SafeFileHandle folder, string name, OpenHow* how, nint size);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(SafeFileHandle folder, string name, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MkDirAt(SafeFileHandle folder, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(SafeFileHandle from, string name, SafeFileHandle to, string newName, uint flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle fd);

    /// <summary>struct open_how.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}
