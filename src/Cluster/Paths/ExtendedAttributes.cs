using System.Runtime.InteropServices;
using System.Text;
using AkkaAio.Interop.Abi;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Cluster.Paths;

/// <summary>Extended attributes, xattr(7). Elsewhere than on Linux files have none, and none can be set (EOPNOTSUPP).</summary>
internal static class ExtendedAttributes
{
    /// <summary>The POSIX ACL, acl(5): set it, and the kernel sets the mode with it.</summary>
    public const string Acl = "system.posix_acl_access";

    // XATTR_SIZE_MAX and XATTR_LIST_MAX of linux/limits.h.
    private const int MostBytes = 65536;

    /// <summary>The names that a file has, as "user.origin"; a symbolic link is followed.</summary>
    /// <returns><see cref="Errno.None"/>, also where the file system has no attributes; or why they are not known.</returns>
    public static Errno TryList(string path, out IReadOnlyList<string> names)
    {
        var buffer = new byte[MostBytes];
        var length = SyscallTable.IsSupported ? ListXattr(path, buffer, MostBytes) : 0;
        var errno = ErrnoOf(length);
        names = Encoding.UTF8.GetString(buffer, 0, (int)Math.Max(0, length)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return errno is Errno.EOPNOTSUPP or Errno.ENOSYS ? Errno.None : errno;
    }

    /// <summary>The value of one, 65,536 bytes at most; a symbolic link is followed.</summary>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.ENODATA"/>: the file has no such attribute; or why it cannot be read.</returns>
    public static Errno TryGet(string path, string name, out byte[] value) =>
        TryGet(buffer => GetXattr(path, name, buffer, MostBytes), out value);

    /// <summary>The same, of an open file.</summary>
    public static Errno TryGet(SafeFileHandle file, string name, out byte[] value) =>
        TryGet(buffer => FGetXattr(file, name, buffer, MostBytes), out value);

    /// <summary>Sets one, or replaces it.</summary>
    /// <returns><see cref="Errno.None"/>, or why not: <see cref="Errno.EOPNOTSUPP"/>, <see cref="Errno.EPERM"/>, <see
    /// cref="Errno.ENOSPC"/> …</returns>
    public static Errno Set(SafeFileHandle file, string name, byte[] value) =>
        SyscallTable.IsSupported ? ErrnoOf(FSetXattr(file, name, value, value.Length, 0)) : Errno.EOPNOTSUPP;

    /// <summary>Removes one.</summary>
    /// <returns><see cref="Errno.None"/>, also where there was none; or why not.</returns>
    public static Errno Remove(SafeFileHandle file, string name) =>
        !SyscallTable.IsSupported ? Errno.None
        : ErrnoOf(FRemoveXattr(file, name)) is var errno and not (Errno.ENODATA or Errno.EOPNOTSUPP) ? errno
        : Errno.None;

    private static Errno TryGet(Func<byte[], nint> call, out byte[] value)
    {
        value = [];
        if (!SyscallTable.IsSupported)
        {
            return Errno.ENODATA;
        }

        var buffer = new byte[MostBytes];
        var length = call(buffer);
        var errno = ErrnoOf(length);
        value = buffer[..(int)Math.Max(0, length)];
        return errno;
    }

    private static Errno ErrnoOf(nint result) => result < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;

    [DllImport("libc", EntryPoint = "listxattr", SetLastError = true)]
    private static extern nint ListXattr([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] list, nint size);

    [DllImport("libc", EntryPoint = "getxattr", SetLastError = true)]
    private static extern nint GetXattr(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [Out] byte[] value, nint size);

    [DllImport("libc", EntryPoint = "fgetxattr", SetLastError = true)]
    private static extern nint FGetXattr(
        SafeFileHandle fd, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [Out] byte[] value, nint size);

    [DllImport("libc", EntryPoint = "fsetxattr", SetLastError = true)]
    private static extern int FSetXattr(
        SafeFileHandle fd, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, byte[] value, nint size, int flags);

    [DllImport("libc", EntryPoint = "fremovexattr", SetLastError = true)]
    private static extern int FRemoveXattr(SafeFileHandle fd, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);
}
