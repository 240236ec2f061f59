using AkkaAio.Interop.Abi;

namespace AkkaAio.Cluster.Paths;

/// <summary>What a path names. The BCL cannot tell a FIFO or a device from a file.</summary>
internal enum PathKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link; only where links are not followed.</summary>
    SymbolicLink,

    /// <summary>A block device.</summary>
    BlockDevice,

    /// <summary>A FIFO, socket or character device.</summary>
    Other,
}

/// <summary>
/// What statx(2) says about a path, without opening it. Elsewhere than on Linux what the BCL says: without owner, set-id bits and
/// inode, for which a hash of the path stands.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Length">Bytes; 0 for devices.</param>
/// <param name="Mode">Permissions, with the set-id and sticky bits.</param>
/// <param name="UserId">The owner.</param>
/// <param name="GroupId">The group.</param>
/// <param name="Device">The device that holds it; together with <paramref name="Inode"/> it tells whether two paths are one file.</param>
/// <param name="Inode">Its number on that device.</param>
internal readonly record struct PathStatus(
    PathKind Kind, long Length, UnixFileMode Mode, uint UserId, uint GroupId, ulong Device, ulong Inode)
{
    private const int PermissionBits = 0xfff;

    /// <summary>Asks for the status of <paramref name="path"/>.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followLink">Whether a symbolic link stands for what it points to.</param>
    /// <param name="status">The answer.</param>
    /// <returns><see cref="Errno.None"/>, or why there is no answer: <see cref="Errno.ENOENT"/>, <see cref="Errno.EACCES"/> …</returns>
    public static Errno TryGet(string path, bool followLink, out PathStatus status)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!SyscallTable.IsSupported)
        {
            return PortablePathStatus.TryGet(path, followLink, out status);
        }

        status = default;
        using var place = FileSyscalls.TryOpen(path, FileSyscalls.OPath | (followLink ? 0 : FolderSyscalls.NoFollow), out var errno);
        if (place is null)
        {
            return errno;
        }

        errno = FileSyscalls.Statx((int)place.DangerousGetHandle(), out var known);
        if (errno == Errno.None)
        {
            status = Of(known);
        }

        return errno;
    }

    private static PathStatus Of(in StatxBuffer known)
    {
        var kind = known.FileType switch
        {
            0x8000 => PathKind.File,
            0x4000 => PathKind.Folder,
            0xA000 => PathKind.SymbolicLink,
            0x6000 => PathKind.BlockDevice,
            _ => PathKind.Other,
        };
        return new PathStatus(
            kind, known.Size, (UnixFileMode)(known.Mode & PermissionBits),
            known.UserId, known.GroupId, known.Identity.Device, known.Identity.Inode);
    }
}
