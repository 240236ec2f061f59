using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Files;

/// <summary>fallocate(2), such that a call that fails leaves the file as it was.</summary>
internal static class Preallocation
{
    /// <summary>Blocks for the range, and a length that includes it.</summary>
    /// <param name="fd">The file, open for writing.</param>
    /// <param name="file">Which file it is.</param>
    /// <param name="opens">As how many opens this one is counted in <see cref="OpenFileCounts"/>.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <remarks>
    /// First with FALLOC_FL_KEEP_SIZE: without it ext4 moves the file's end over what it could get before it fails with ENOSPC.
    /// </remarks>
    public static Errno Allocate(int fd, FileIdentity file, int opens, long offset, long length)
    {
        var errno = FileSyscalls.Reserve(fd, offset, length);
        if (errno == Errno.None)
        {
            // Its last byte alone: XFS wants as much free space as the range is long, although all of it has blocks. Can fail still:
            // RLIMIT_FSIZE.
            errno = FileSyscalls.Allocate(fd, offset + length - 1, 1);
        }

        if (errno is not (Errno.None or Errno.EOPNOTSUPP))
        {
            GiveBack(fd, file, opens);
        }

        return errno;
    }

    /// <summary>
    /// Frees the blocks behind the end. Only while nobody else in this process has the file: another open could make it longer between
    /// the two calls, and lose what it wrote. Another process still can.
    /// </summary>
    private static void GiveBack(int fd, FileIdentity file, int opens) => OpenFileCounts.IfAtMost(opens, file, () =>
    {
        if (FileSyscalls.Statx(fd, out var stat) == Errno.None)
        {
            _ = FileSyscalls.Truncate(fd, stat.Size); // it is the failed allocation that is reported
        }
    });
}
