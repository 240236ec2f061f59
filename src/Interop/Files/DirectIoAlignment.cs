using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Files;

/// <summary>What direct I/O on a file asks of memory and of offsets, in bytes.</summary>
internal readonly record struct DirectIoAlignment(int Memory, int Offset)
{
    /// <summary>For buffered files.</summary>
    public static DirectIoAlignment None { get; } = new(1, 1);

    // Where neither statx nor the device tells (tmpfs, btrfs, NFS) the file system takes any alignment; a sector keeps offsets sane.
    private const int Sector = 512;

    /// <summary>
    /// <c>statx(STATX_DIOALIGN)</c> (Linux 6.1), else the logical block size of the device, else a sector. Never the physical block
    /// size: it is a hint about speed. Null where the file system says that this file cannot do direct I/O.
    /// </summary>
    public static DirectIoAlignment? Of(int fd, in StatxBuffer stat)
    {
        if ((stat.Mask & StatxBuffer.DioAlign) != 0)
        {
            return stat.DioOffsetAlign == 0 ? null : new((int)stat.DioMemoryAlign, (int)stat.DioOffsetAlign);
        }

        var logical = stat.IsBlockDevice && FileSyscalls.GetLogicalBlockSize(fd, out var size) == Errno.None
            ? size
            : DeviceBlocks.SizeOf(stat.DeviceMajor, stat.DeviceMinor, "logical_block_size") ?? Sector;
        return new(logical, logical);
    }
}
