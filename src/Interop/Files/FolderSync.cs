using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Files;

/// <summary>Makes the names in a folder durable: a rename is on stable storage only when its folder is.</summary>
public static partial class FolderSync
{
    /// <summary>
    /// fsync(2) on the folder; blocks. Not fdatasync, which need not write out a changed name. A folder that may be written to and not
    /// read (mode 0333) cannot be opened: there syncfs(2) writes out the whole file system.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="file">An open file in it, for the folder that cannot be opened.</param>
    /// <remarks>Elsewhere than on Linux nothing is done: the name is durable when the file system finds it time.</remarks>
    /// <exception cref="AioSystemException">The folder cannot be opened or synced.</exception>
    public static void Sync(string path, SafeFileHandle? file = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!SyscallTable.IsSupported)
        {
            return;
        }

        using var folder = FileSyscalls.TryOpen(path, FileSyscalls.ORdOnly | FileSyscalls.ONonBlock, out var errno);
        if (folder is null)
        {
            var operation = "open";
            if (errno == Errno.EACCES && file is not null)
            {
                operation = "syncfs";
                errno = AttributeSyscalls.SyncFileSystem(file);
            }

            if (errno != Errno.None)
            {
                throw new AioSystemException(errno, operation, path);
            }

            return;
        }

        do
        {
            errno = FSync((int)folder.DangerousGetHandle()) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        }
        while (errno == Errno.EINTR);

        // EINVAL: a file system that has nothing to sync here.
        if (errno is not (Errno.None or Errno.EINVAL))
        {
            throw new AioSystemException(errno, "fsync", path);
        }
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int fd);
}
