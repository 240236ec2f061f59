using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Abi;

/// <summary>The system calls on files that the BCL has no way to: open with O_DIRECT, statx, fallocate, ioctl.</summary>
internal static unsafe partial class FileSyscalls
{
    public const int ORdOnly = 0;
    public const int OWrOnly = 1;
    public const int ORdWr = 2;
    public const int OCreat = 0x40;
    public const int OExcl = 0x80;
    public const int ONonBlock = 0x800;
    public const int OCloExec = 0x80000;

    /// <summary>The path alone, without opening what it names.</summary>
    public const int OPath = 0x200000;

    // linux/fs.h
    private const ulong BlkGetSize64 = 0x80081272;
    private const ulong BlkSszGet = 0x1268;

    // fcntl.h
    private const int FSetFl = 4;

    // falloc.h
    private const int FallocKeepSize = 1;
    private const int FallocPunchHole = 2;

    // 0666 & ~umask, as every other program creates files.
    private const int DefaultMode = 0x1B6;

    private static readonly SyscallTable Table = SyscallTable.Current;

    public static int ODirect => Table.ODirect;

    public static SafeFileHandle? TryOpen(string path, int flags, out Errno errno, UnixFileMode? mode = null)
    {
        nint fd;
        do
        {
            fd = OpenNative(path, flags | OCloExec, (int?)mode ?? DefaultMode);
            errno = fd < 0 ? LastErrno() : Errno.None;
        }
        while (errno == Errno.EINTR); // a slow file system (FUSE, NFS) and a signal: open again, nothing has happened

        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    public static SafeFileHandle OpenDevNull() =>
        TryOpen("/dev/null", ORdOnly, out var errno) ?? throw new AioSystemException(errno, "open", "/dev/null");

    public static Errno Statx(int fd, out StatxBuffer buffer)
    {
        fixed (byte* empty = "\0"u8)
        fixed (StatxBuffer* pointer = &buffer)
        {
            return Check(AioSyscalls.Syscall5(
                Table.Statx, fd, (nint)empty, StatxBuffer.AtEmptyPath, StatxBuffer.WantedMask, (nint)pointer));
        }
    }

    public static Errno SetFlags(int fd, int flags) => Check(Fcntl(fd, FSetFl, flags));

    public static Errno GetDeviceSize(int fd, out long bytes)
    {
        fixed (long* pointer = &bytes)
        {
            return Check(Ioctl(fd, BlkGetSize64, pointer));
        }
    }

    public static Errno GetLogicalBlockSize(int fd, out int bytes)
    {
        fixed (int* pointer = &bytes)
        {
            return Check(Ioctl(fd, BlkSszGet, pointer));
        }
    }

    public static Errno Truncate(int fd, long length) => Retry(() => FTruncate(fd, length));

    /// <summary>fallocate(2) with mode 0: blocks for the range, and a length that includes it.</summary>
    public static Errno Allocate(int fd, long offset, long length) => Retry(() => FAllocate(fd, 0, offset, length));

    /// <summary>fallocate(2) with FALLOC_FL_KEEP_SIZE: blocks for the range; the length stays.</summary>
    public static Errno Reserve(int fd, long offset, long length) => Retry(() => FAllocate(fd, FallocKeepSize, offset, length));

    /// <summary>fallocate(2) with FALLOC_FL_PUNCH_HOLE, which wants FALLOC_FL_KEEP_SIZE with it.</summary>
    public static Errno PunchHole(int fd, long offset, long length) =>
        Retry(() => FAllocate(fd, FallocPunchHole | FallocKeepSize, offset, length));

    public static Errno DataSync(int fd) => Retry(() => FDataSync(fd));

    public static Errno Read(int fd, Span<byte> destination, long offset, out int count)
    {
        nint result;
        Errno errno;
        fixed (byte* pointer = destination)
        {
            do
            {
                result = PRead(fd, pointer, (nuint)destination.Length, offset);
                errno = result < 0 ? LastErrno() : Errno.None;
            }
            while (errno == Errno.EINTR);
        }

        count = (int)Math.Max(0, result);
        return errno;
    }

    /// <summary>preadv2(2): pread with flags.</summary>
    public static Errno Read(int fd, Span<byte> destination, long offset, RwFlags flags, out int count)
    {
        if (flags == RwFlags.None)
        {
            return Read(fd, destination, offset, out count);
        }

        fixed (byte* pointer = destination)
        {
            return ReadV(fd, [new IoVec((nint)pointer, destination.Length)], offset, flags, out count);
        }
    }

    /// <summary>preadv2(2).</summary>
    public static Errno ReadV(int fd, ReadOnlySpan<IoVec> vectors, long offset, RwFlags flags, out int count)
    {
        nint result;
        Errno errno;
        fixed (IoVec* pointer = vectors)
        {
            do
            {
                result = PReadV2(fd, pointer, vectors.Length, offset, (int)flags);
                errno = result < 0 ? LastErrno() : Errno.None;
            }
            while (errno == Errno.EINTR);
        }

        count = (int)Math.Max(0, result);
        return errno;
    }

    /// <summary>Reads from the page cache alone, without waiting.</summary>
    /// <returns>
    /// True: the read is done, whole or up to the file's end. False: some of it is not in the cache, or neither kernel nor file system
    /// can say; the memory may have been written to.
    /// </returns>
    public static bool TryReadCached(int fd, Span<byte> destination, long offset, out int count)
    {
        var errno = Read(fd, destination, offset, RwFlags.NoWait, out count);

        // Short: either the end of the file, or the next page is not there. A second look, behind what came, tells: 0 is the end.
        return errno == Errno.None &&
               (count == destination.Length || count == 0 ||
                (Read(fd, destination[count..], offset + count, RwFlags.NoWait, out var more) == Errno.None && more == 0));
    }

    public static Errno Write(int fd, ReadOnlySpan<byte> source, long offset, RwFlags flags, out int count)
    {
        fixed (byte* pointer = source)
        {
            return WriteV(fd, [new IoVec((nint)pointer, source.Length)], offset, flags, out count);
        }
    }

    /// <summary>pwritev2(2).</summary>
    public static Errno WriteV(int fd, ReadOnlySpan<IoVec> vectors, long offset, RwFlags flags, out int count)
    {
        nint result;
        Errno errno;
        fixed (IoVec* pointer = vectors)
        {
            do
            {
                result = PWriteV2(fd, pointer, vectors.Length, offset, (int)flags);
                errno = result < 0 ? LastErrno() : Errno.None;
            }
            while (errno == Errno.EINTR);
        }

        count = (int)Math.Max(0, result);
        return errno;
    }

    private static Errno Retry(Func<int> call)
    {
        Errno errno;
        do
        {
            errno = Check(call());
        }
        while (errno == Errno.EINTR);

        return errno;
    }

    private static Errno Check(nint result) => result < 0 ? LastErrno() : Errno.None;

    private static Errno LastErrno() => (Errno)Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNative(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int fd, int command, int argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(int fd, ulong request, void* argument);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int FTruncate(int fd, long length);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int FAllocate(int fd, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long LSeek(int fd, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(int fd);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint PRead(int fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "preadv2", SetLastError = true)]
    private static partial nint PReadV2(int fd, IoVec* vector, int count, long offset, int flags);

    [LibraryImport("libc", EntryPoint = "pwritev2", SetLastError = true)]
    private static partial nint PWriteV2(int fd, IoVec* vector, int count, long offset, int flags);
}
