using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Demo.Files;

/// <summary>Gives files to others.</summary>
internal static class OwnerChange
{
    private const uint Unchanged = uint.MaxValue;

    /// <summary>fchown(2): owner and group, or where the owner may not be changed the group alone. Clears set-id bits.</summary>
    /// <returns><see cref="Errno.None"/>, or why owner or group is not what was asked for.</returns>
    public static Errno Make(SafeFileHandle file, uint userId, uint groupId)
    {
        if (!OperatingSystem.IsLinux())
        {
            return Errno.EOPNOTSUPP;
        }

        var errno = FChown(file, userId, groupId) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        if (errno != Errno.None)
        {
            _ = FChown(file, Unchanged, groupId);
        }

        return errno;
    }

    [DllImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static extern int FChown(SafeFileHandle fd, uint owner, uint group);
}
