using System.Globalization;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Files;

/// <summary>Tells what was written behind an offset from what was only allocated there.</summary>
internal static class WrittenExtents
{
    /// <summary>As <see cref="Engines.IIoFile.FindEndOfData"/>.</summary>
    public static long? TryFindEnd(int fd, long from)
    {
        if (FileSyscalls.Statx(fd, out var stat) != Errno.None || stat.BlockSize == 0)
        {
            return null;
        }

        if (stat.Size <= from)
        {
            return from;
        }

        // The file system tells whole blocks apart. In the one that an unaligned offset falls into, data is what is not zero.
        var rest = from % stat.BlockSize;
        var boundary = rest == 0 ? from : Math.Min(from - rest + stat.BlockSize, stat.Size);
        if (FileSyscalls.FindWrittenEnd(fd, boundary, out var end) != Errno.None)
        {
            return null;
        }

        end = Math.Min(end, stat.Size);
        return end > boundary ? end : rest == 0 ? from : FindEndInBlock(fd, from, (int)(boundary - from));
    }

    // By a buffered descriptor of its own, for reading: the file may be open for writing alone, or need aligned reads.
    private static long? FindEndInBlock(int fd, long from, int length)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}");
        using var handle = FileSyscalls.TryOpen(path, FileSyscalls.ORdOnly, out _);
        if (handle is null)
        {
            return null;
        }

        var block = new byte[length];
        var errno = FileSyscalls.Read((int)handle.DangerousGetHandle(), block, from, out var count);
        return errno == Errno.None ? from + block.AsSpan(0, count).LastIndexOfAnyExcept((byte)0) + 1 : null;
    }
}
