using System.Globalization;
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
            : LogicalBlockSizeOf(stat.DeviceMajor, stat.DeviceMinor);
        return new(logical, logical);
    }

    // From sysfs and not from the device: some devices refuse even root, and a container has no node for it.
    private static int LogicalBlockSizeOf(uint major, uint minor)
    {
        var link = string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{major}:{minor}");
        foreach (var queue in (ReadOnlySpan<string>)["queue", "../queue"]) // a partition has its disk's queue
        {
            try
            {
                // The link is resolved first: .NET would take "1:2/.." out of the path as text.
                var device = Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName ?? link;
                var text = File.ReadAllText($"{device}/{queue}/logical_block_size");
                return int.Parse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                // Not a block device, or no sysfs here: the next place, then the fallback.
            }
        }

        return Sector;
    }
}
