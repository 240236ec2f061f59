using System.Buffers.Binary;

namespace AkkaAio.Demo.Copying;

/// <summary>
/// Reads a POSIX ACL as the kernel stores it (<c>linux/posix_acl_xattr.h</c>): a version of 4 bytes, then entries of tag (2 bytes),
/// permissions (2) and id (4), little-endian.
/// </summary>
internal static class AclBits
{
    private const int HeaderSize = 4;
    private const int EntrySize = 8;
    private const int GroupTag = 0x04;
    private const int MaskTag = 0x10;
    private const int All = 7;
    private const int GroupShift = 3;

    /// <summary>
    /// The mode for a file that cannot have the ACL. A file with an ACL shows its mask in the place of the group's permissions: without
    /// the ACL the group would get what was meant for others.
    /// </summary>
    public static UnixFileMode ModeWithout(ReadOnlySpan<byte> acl, UnixFileMode mode)
    {
        var (group, mask) = (0, All);
        for (var at = HeaderSize; at + EntrySize <= acl.Length; at += EntrySize)
        {
            var tag = BinaryPrimitives.ReadUInt16LittleEndian(acl[at..]);
            var permissions = BinaryPrimitives.ReadUInt16LittleEndian(acl[(at + 2)..]) & All;
            (group, mask) = tag switch
            {
                GroupTag => (permissions, mask),
                MaskTag => (group, permissions),
                _ => (group, mask),
            };
        }

        return (mode & ~(UnixFileMode)(All << GroupShift)) | (UnixFileMode)((group & mask) << GroupShift);
    }
}
