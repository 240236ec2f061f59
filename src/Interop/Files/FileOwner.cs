using AkkaAio.Interop.Abi;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Files;

/// <summary>Gives files to others.</summary>
public static class FileOwner
{
    private const uint Unchanged = uint.MaxValue;

    /// <summary>fchown(2): owner and group, or where the owner may not be changed the group alone. Clears set-id bits.</summary>
    /// <returns><see cref="Errno.None"/>, or why owner or group is not what was asked for.</returns>
    public static Errno Set(SafeFileHandle file, uint userId, uint groupId)
    {
        if (!SyscallTable.IsSupported)
        {
            return Errno.EOPNOTSUPP;
        }

        var errno = AttributeSyscalls.ChangeOwner(file, userId, groupId);
        if (errno != Errno.None)
        {
            AttributeSyscalls.ChangeOwner(file, Unchanged, groupId);
        }

        return errno;
    }
}
