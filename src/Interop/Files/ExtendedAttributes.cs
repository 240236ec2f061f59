using System.Text;
using AkkaAio.Interop.Abi;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Files;

/// <summary>Extended attributes, xattr(7). Elsewhere than on Linux files have none, and none can be set (EOPNOTSUPP).</summary>
public static class ExtendedAttributes
{
    /// <summary>The POSIX ACL, acl(5): set it, and the kernel sets the mode with it.</summary>
    public const string Acl = "system.posix_acl_access";

    // XATTR_SIZE_MAX and XATTR_LIST_MAX of linux/limits.h.
    private const int MostBytes = 65536;

    /// <summary>The names that a file has; a symbolic link is followed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="names">As "user.origin"; empty where the file system has no attributes.</param>
    /// <returns><see cref="Errno.None"/>, or why they are not known.</returns>
    public static Errno TryList(string path, out IReadOnlyList<string> names)
    {
        names = [];
        if (!SyscallTable.IsSupported)
        {
            return Errno.None;
        }

        var buffer = new byte[MostBytes];
        var errno = AttributeSyscalls.ListXattr(path, buffer, out var length);
        if (errno == Errno.None)
        {
            names = Encoding.UTF8.GetString(buffer, 0, length).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }

        return errno is Errno.EOPNOTSUPP or Errno.ENOSYS ? Errno.None : errno;
    }

    /// <summary>The value of one; a symbolic link is followed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">As in the list.</param>
    /// <param name="value">The bytes, 65,536 at most.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.ENODATA"/>: the file has no such attribute; or why it cannot be read.</returns>
    public static Errno TryGet(string path, string name, out byte[] value)
    {
        var buffer = new byte[MostBytes];
        var length = 0;
        var errno = SyscallTable.IsSupported ? AttributeSyscalls.GetXattr(path, name, buffer, out length) : Errno.ENODATA;
        value = buffer[..length];
        return errno;
    }

    /// <summary>Sets one, or replaces it.</summary>
    /// <returns><see cref="Errno.None"/>, or why not: <see cref="Errno.EOPNOTSUPP"/>, <see cref="Errno.EPERM"/>, <see
    /// cref="Errno.ENOSPC"/> …</returns>
    public static Errno Set(SafeFileHandle file, string name, ReadOnlySpan<byte> value) =>
        SyscallTable.IsSupported ? AttributeSyscalls.SetXattr(file, name, value) : Errno.EOPNOTSUPP;

    /// <summary>Removes one.</summary>
    /// <returns><see cref="Errno.None"/>, also where there was none; or why not.</returns>
    public static Errno Remove(SafeFileHandle file, string name) =>
        !SyscallTable.IsSupported ? Errno.None
        : AttributeSyscalls.RemoveXattr(file, name) is var errno and not (Errno.ENODATA or Errno.EOPNOTSUPP) ? errno
        : Errno.None;
}
