using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Abi;

/// <summary>The system calls on what a file has beside its bytes: owner, extended attributes.</summary>
internal static unsafe partial class AttributeSyscalls
{
    public static Errno ListXattr(string path, Span<byte> names, out int length)
    {
        fixed (byte* pointer = names)
        {
            return Check(ListXattrNative(path, pointer, (nuint)names.Length), out length);
        }
    }

    public static Errno GetXattr(string path, string name, Span<byte> value, out int length)
    {
        fixed (byte* pointer = value)
        {
            return Check(GetXattrNative(path, name, pointer, (nuint)value.Length), out length);
        }
    }

    public static Errno SetXattr(SafeFileHandle file, string name, ReadOnlySpan<byte> value)
    {
        fixed (byte* pointer = value)
        {
            return Check(FSetXattr(file, name, pointer, (nuint)value.Length, 0), out _);
        }
    }

    public static Errno RemoveXattr(SafeFileHandle file, string name) => Check(FRemoveXattr(file, name), out _);

    public static Errno ChangeOwner(SafeFileHandle file, uint userId, uint groupId) => Check(FChown(file, userId, groupId), out _);

    public static Errno SyncFileSystem(SafeFileHandle file) => Check(SyncFs(file), out _);

    private static Errno Check(nint result, out int length)
    {
        length = (int)Math.Max(0, result);
        return result < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
    }

    [LibraryImport("libc", EntryPoint = "listxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ListXattrNative(string path, byte* list, nuint size);

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetXattrNative(string path, string name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "fsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FSetXattr(SafeFileHandle fd, string name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "fremovexattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FRemoveXattr(SafeFileHandle fd, string name);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int FChown(SafeFileHandle fd, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(SafeFileHandle fd);
}
