using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Files;

/// <summary>What a measurement must know and do before it reads a file: where it has no data, and that none of it is cached.</summary>
public static partial class PageCache
{
    // fcntl.h, unistd.h
    private const int PosixFadvDontNeed = 4;
    private const int SeekHole = 4;

    /// <summary>Writes out what is dirty and drops the file's pages: what is read next comes from the device. Blocks.</summary>
    /// <remarks>Elsewhere than on Linux nothing is dropped: what is measured there may come from memory.</remarks>
    /// <exception cref="AioSystemException">The file cannot be opened or synced.</exception>
    public static void Drop(string path)
    {
        if (!SyscallTable.IsSupported)
        {
            return;
        }

        using var file = Open(path);
        Check(FileSyscalls.DataSync(Descriptor(file)), "fdatasync", path); // dirty pages stay
        Check((Errno)PosixFadvise(Descriptor(file), 0, 0, PosixFadvDontNeed), "posix_fadvise", path);
    }

    /// <summary>
    /// The offset of the first hole or unwritten extent, which a read answers without the device; the file's length when there is none.
    /// </summary>
    /// <exception cref="AioSystemException">The file cannot be opened, or is none with holes (a device).</exception>
    public static long FirstHole(string path)
    {
        if (!SyscallTable.IsSupported)
        {
            return new FileInfo(path).Length; // none that could be seen
        }

        using var file = Open(path);
        var offset = LSeek(Descriptor(file), 0, SeekHole);
        return offset >= 0 ? offset
            : (Errno)Marshal.GetLastPInvokeError() is var errno && errno == Errno.ENXIO ? 0 // an empty file
            : throw new AioSystemException(errno, "lseek(SEEK_HOLE)", path);
    }

    private static SafeFileHandle Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return FileSyscalls.TryOpen(path, FileSyscalls.ORdOnly | FileSyscalls.ONonBlock, out var errno) ??
            throw new AioSystemException(errno, "open", path);
    }

    private static int Descriptor(SafeFileHandle file) => (int)file.DangerousGetHandle();

    private static void Check(Errno errno, string operation, string path)
    {
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, operation, path);
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int PosixFadvise(int fd, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long LSeek(int fd, long offset, int whence);
}
