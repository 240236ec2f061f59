using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Cluster.Paths;

/// <summary>Makes the names in a folder durable: a rename is on stable storage only when its folder is.</summary>
internal static class FolderSync
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
        if (!SyscallTable.IsSupported)
        {
            return;
        }

        var operation = "open";
        using var folder = FileSyscalls.TryOpen(path, FileSyscalls.ORdOnly | FolderSyscalls.Directory, out var errno);
        if (folder is not null)
        {
            operation = "fsync";
            errno = FolderSyscalls.Sync(folder);
        }
        else if (errno == Errno.EACCES && file is not null)
        {
            operation = "syncfs";
            errno = SyncFs(file) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        }

        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, operation, path);
        }
    }

    [DllImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static extern int SyncFs(SafeFileHandle fd);
}
