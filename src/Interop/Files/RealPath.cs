using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Files;

/// <summary>
/// What the kernel calls a path: absolute, every symbolic link resolved. The BCL works on the text instead, which goes wrong with
/// <c>link/..</c>, and takes the target of a link in the working folder for one in the root folder.
/// Elsewhere than on Linux there is only the BCL.
/// </summary>
public static class RealPath
{
    /// <summary>Resolves <paramref name="path"/>, which must exist.</summary>
    /// <returns>
    /// <see cref="Errno.None"/>, or why it cannot be resolved; <see cref="Errno.EILSEQ"/>: its real name is not UTF-8, and the text that
    /// .NET makes of it names another file, or none.
    /// </returns>
    public static Errno TryGet(string path, out string realPath)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!SyscallTable.IsSupported)
        {
            return PortablePath.TryGetReal(path, out realPath);
        }

        realPath = "";
        using var handle = FileSyscalls.TryOpen(path, FileSyscalls.OPath, out var errno);
        if (handle is null)
        {
            return errno;
        }

        // Absolute, so that the BCL's ways with relative links do not matter.
        var link = File.ResolveLinkTarget($"/proc/self/fd/{handle.DangerousGetHandle()}", returnFinalTarget: false);
        var resolved = link?.FullName ?? Path.GetFullPath(path);
        if (resolved.Contains('\uFFFD', StringComparison.Ordinal) && !IsFile(resolved, (int)handle.DangerousGetHandle()))
        {
            return Errno.EILSEQ;
        }

        realPath = resolved;
        return Errno.None;
    }

    // U+FFFD can be in a name, and stands for bytes that are no text.
    private static bool IsFile(string path, int fd) =>
        FileSyscalls.Statx(fd, out var meant) == Errno.None &&
        PathStatus.TryGet(path, followLink: false, out var found) == Errno.None &&
        meant.Identity == new FileIdentity(found.Device, found.Inode);
}
