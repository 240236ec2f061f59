using System.Runtime.InteropServices;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Abi;

/// <summary>The fields of <c>struct statx</c> (<c>linux/stat.h</c>, 256 bytes, one layout for all architectures) that we read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct StatxBuffer
{
    /// <summary>AT_EMPTY_PATH: the file is the descriptor itself.</summary>
    public const int AtEmptyPath = 0x1000;

    /// <summary>STATX_DIOALIGN, since Linux 6.1.</summary>
    public const uint DioAlign = 0x2000;

    /// <summary>STATX_BASIC_STATS and STATX_DIOALIGN.</summary>
    public const int WantedMask = 0x7ff | (int)DioAlign;

    private const int FileTypeMask = 0xF000;

    /// <summary>Which fields the file system filled in.</summary>
    [FieldOffset(0)]
    public uint Mask;

    /// <summary>The file system's block size, in bytes.</summary>
    [FieldOffset(4)]
    public uint BlockSize;

    /// <summary>Type and permissions.</summary>
    [FieldOffset(28)]
    public ushort Mode;

    /// <summary>Names that the file has.</summary>
    [FieldOffset(16)]
    public uint Links;

    /// <summary>The owner.</summary>
    [FieldOffset(20)]
    public uint UserId;

    /// <summary>The group.</summary>
    [FieldOffset(24)]
    public uint GroupId;

    /// <summary>The file's number on its device.</summary>
    [FieldOffset(32)]
    public ulong Inode;

    /// <summary>Length in bytes; 0 for devices.</summary>
    [FieldOffset(40)]
    public long Size;

    /// <summary>The device that the file is.</summary>
    [FieldOffset(128)]
    public uint SpecialMajor;

    /// <summary>The device that the file is.</summary>
    [FieldOffset(132)]
    public uint SpecialMinor;

    /// <summary>Device that holds the file.</summary>
    [FieldOffset(136)]
    public uint DeviceMajor;

    /// <summary>Device that holds the file.</summary>
    [FieldOffset(140)]
    public uint DeviceMinor;

    /// <summary>Alignment of memory for direct I/O, in bytes; 0: not supported on this file.</summary>
    [FieldOffset(152)]
    public uint DioMemoryAlign;

    /// <summary>Alignment of offset and length for direct I/O, in bytes; 0: not supported on this file.</summary>
    [FieldOffset(156)]
    public uint DioOffsetAlign;

    /// <summary>What tells whether two opens are one file.</summary>
    public readonly FileIdentity Identity => new(((ulong)DeviceMajor << 32) | DeviceMinor, Inode);

    /// <summary>S_IFMT of the mode.</summary>
    public readonly int FileType => Mode & FileTypeMask;

    /// <summary>S_IFREG.</summary>
    public readonly bool IsRegular => FileType == 0x8000;

    /// <summary>S_IFBLK.</summary>
    public readonly bool IsBlockDevice => FileType == 0x6000;

    /// <summary>S_IFLNK.</summary>
    public readonly bool IsSymbolicLink => FileType == 0xA000;

    /// <summary>S_IFDIR.</summary>
    public readonly bool IsDirectory => FileType == 0x4000;
}
