using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Demo.Files;

/// <summary>What a measurement must know and do before it reads a file: where it has no data, and that none of it is cached.</summary>
internal static class PageCache
{
    // fcntl.h, unistd.h
    private const int PosixFadvDontNeed = 4;
    private const int SeekHole = 4;

    /// <summary>Writes out what is dirty and drops the file's pages: what is read next comes from the device. Blocks.</summary>
    /// <remarks>Elsewhere than on Linux nothing is dropped: what is measured there may come from memory.</remarks>
    /// <exception cref="IOException">The file cannot be opened or synced.</exception>
    public static void Drop(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(file); // dirty pages stay
        Check((Errno)PosixFadvise(file, 0, 0, PosixFadvDontNeed), "posix_fadvise", path);
    }

    /// <summary>
    /// The offset of the first hole or unwritten extent, which a read answers without the device; the file's length when there is none.
    /// </summary>
    /// <exception cref="IOException">The file cannot be opened, or is none with holes (a device).</exception>
    public static long FirstHole(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new FileInfo(path).Length; // none that could be seen
        }

        using var file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        var offset = LSeek(file, 0, SeekHole);
        return offset >= 0 ? offset
            : (Errno)Marshal.GetLastPInvokeError() is var errno && errno == Errno.ENXIO ? 0 // an empty file
            : throw new AioSystemException(errno, "lseek(SEEK_HOLE)", path);
    }

    private static void Check(Errno errno, string operation, string path)
    {
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, operation, path);
        }
    }

    [DllImport("libc", EntryPoint = "posix_fadvise")]
    private static extern int PosixFadvise(SafeFileHandle file, long offset, long length, int advice);

    [DllImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static extern long LSeek(SafeFileHandle file, long offset, int whence);
}
