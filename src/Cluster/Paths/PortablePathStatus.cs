using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using AkkaAio.Interop.Files;

namespace AkkaAio.Cluster.Paths;

/// <summary>What the BCL can say about a path, for platforms whose system calls we do not know.</summary>
internal static class PortablePathStatus
{
    // The owner of a copy is not known here; a set-user-ID bit would run it as that owner.
    private const UnixFileMode SetId = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    /// <summary>As <see cref="PathStatus.TryGet"/>.</summary>
    public static Errno TryGet(string path, bool followLink, out PathStatus status)
    {
        status = default;
        try
        {
            var info = Find(path, followLink);
            if (info is null)
            {
                return Errno.ENOENT;
            }

            var kind = KindOf(info);
            var mode = OperatingSystem.IsWindows() ? UnixFileMode.None : info.UnixFileMode & ~SetId;

            // There is no inode to ask for. Two names of one file (hard links) are two files to us.
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(Encoding.UTF8.GetBytes(info.FullName), hash);
            status = new PathStatus(
                kind, info is FileInfo file && kind == PathKind.File ? file.Length : 0, mode, UserId: 0, GroupId: 0,
                BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]));
            return Errno.None;
        }
        catch (Exception e) when (PortableFile.ErrnoOf(e) is { } errno)
        {
            return errno;
        }
    }

    private static FileSystemInfo? Find(string path, bool followLink)
    {
        if (path.Length == 0)
        {
            return null;
        }

        FileSystemInfo info = File.GetAttributes(path).HasFlag(FileAttributes.Directory) ? new DirectoryInfo(path) : new FileInfo(path);
        if (followLink && info.LinkTarget is not null)
        {
            info = info.ResolveLinkTarget(returnFinalTarget: true)!;
        }

        return info.Exists || info.LinkTarget is not null ? info : null;
    }

    // The BCL has no word for what is neither file nor folder, except for some devices.
    private static PathKind KindOf(FileSystemInfo info) =>
        info.LinkTarget is not null ? PathKind.SymbolicLink
        : info.Attributes.HasFlag(FileAttributes.Directory) ? PathKind.Folder
        : info.Attributes.HasFlag(FileAttributes.Device) ? PathKind.Other
        : PathKind.File;
}
