using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

// Which parts of a file have been written: FIEMAP where the file system has it, else lseek(2) with SEEK_DATA.
internal static unsafe partial class FileSyscalls
{
    // linux/fs.h, linux/fiemap.h
    private const ulong FsIocFiemap = 0xC020660B;
    private const uint FiemapFlagSync = 1;
    private const uint FiemapExtentUnwritten = 0x800;

    // linux/fs.h
    private const int SeekData = 3;
    private const int SeekHole = 4;

    /// <summary>
    /// Finds where the last written extent at or behind <paramref name="from"/> ends, a multiple of the file system's blocks;
    /// <paramref name="from"/> where there is none. Extents that were only allocated are not written.
    /// </summary>
    public static Errno FindWrittenEnd(int fd, long from, out long end)
    {
        // Not SEEK_DATA first: to it, what somebody has read into the page cache is data too.
        var errno = FindByExtentMap(fd, from, out end);
        return errno is Errno.EOPNOTSUPP or Errno.ENOTTY ? FindBySeek(fd, from, out end) : errno;
    }

    private static Errno FindByExtentMap(int fd, long from, out long end)
    {
        const int MaxExtents = 32;
        end = from;
        var position = from;
        var map = stackalloc byte[sizeof(Fiemap) + (MaxExtents * sizeof(FiemapExtent))];
        while (true)
        {
            var header = (Fiemap*)map;
            *header = new Fiemap
            {
                Start = (ulong)position,
                Length = (ulong)(long.MaxValue - position),
                Flags = FiemapFlagSync,
                ExtentCount = MaxExtents,
            };
            var errno = Check(Ioctl(fd, FsIocFiemap, map));
            if (errno != Errno.None || header->MappedExtents == 0)
            {
                return errno;
            }

            var extents = new ReadOnlySpan<FiemapExtent>(map + sizeof(Fiemap), (int)header->MappedExtents);
            foreach (ref readonly var extent in extents)
            {
                position = (long)(extent.Logical + extent.Length);
                if ((extent.Flags & FiemapExtentUnwritten) == 0)
                {
                    end = Math.Max(end, position);
                }
            }
        }
    }

    private static Errno FindBySeek(int fd, long from, out long end)
    {
        end = from;
        var position = from;
        while (true)
        {
            position = LSeek(fd, position, SeekData);
            if (position < 0)
            {
                var errno = LastErrno();
                return errno == Errno.ENXIO ? Errno.None : errno;
            }

            position = LSeek(fd, position, SeekHole);
            if (position < 0)
            {
                return LastErrno();
            }

            end = Math.Max(end, position);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Fiemap
    {
        public ulong Start;
        public ulong Length;
        public uint Flags;
        public uint MappedExtents;
        public uint ExtentCount;
        private readonly uint _reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct FiemapExtent
    {
        public ulong Logical;
        public ulong Physical;
        public ulong Length;
        private readonly ulong _reserved1;
        private readonly ulong _reserved2;
        public uint Flags;
        private readonly uint _reserved3;
        private readonly uint _reserved4;
        private readonly uint _reserved5;
    }
}
