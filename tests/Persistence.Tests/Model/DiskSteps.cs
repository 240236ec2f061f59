using AkkaAio.TestKit;

namespace AkkaAio.Persistence.Tests.Model;

/// <summary>A step of a journal on its disk.</summary>
/// <param name="Name">In words.</param>
/// <param name="Errors">What it fails with, by chance one of them in a schedule.</param>
/// <param name="Chance">The most that it fails with, of those at all: rare steps often, so that each failure is met.</param>
/// <param name="Of">The operations of a disk that are this step, of the store in a folder.</param>
internal sealed record DiskStep(string Name, Errno[] Errors, double Chance, Func<AioTestDisk, string, DiskOperations> Of)
{
    public const int SegmentSize = 1 << 20;

    /// <summary>So the name of a segment ends that is being filled with zeros.</summary>
    public const string BeingMade = ".seg.new";

    private static readonly Errno[] Each = [Errno.EIO, Errno.ENOSPC, Errno.EAGAIN];

    public static readonly DiskStep[] All =
    [
        new("write", Each, 0.05, (disk, folder) => disk.Writes().Where(write =>
            IsSegment(write, folder) && write is { IsDataSync: true, Offset: > 0 and < SegmentSize })),
        new("roll", Each, 0.5, (disk, folder) =>
            disk.Writes().Where(write => IsSegment(write, folder) && write is { IsDataSync: true, Offset: 0 })),
        new("zeroing", Each, 0.5, (disk, folder) => disk.Writes().Where(write =>
            IsIn(write, folder) && write.Path.EndsWith(BeingMade, StringComparison.Ordinal))),
        new("rename", Each, 0.5, (disk, folder) => disk.Renames().Where(rename => IsIn(rename, folder))),
        new("footer", Each, 1, (disk, folder) => disk.Writes().Where(write => IsSegment(write, folder) && write.Offset >= SegmentSize)),
        new("allocation", Each[..2], 0.5, (disk, folder) => disk.Allocations().Where(allocation => IsIn(allocation, folder))),
        new("sync of the folder", Each[..2], 0.3, (disk, folder) => disk.FolderSyncs().Where(sync => IsIn(sync, folder))),
        new("flush", Each[..2], 0.3, (disk, folder) => disk.Flushes().Where(flush => IsIn(flush, folder))),
        new("delete", Each[..1], 0.5, (disk, folder) => disk.Deletes().Where(delete => IsIn(delete, folder))),
        new("open", Each[..1], 0.05, (disk, folder) => disk.Opens().Where(open => IsIn(open, folder))),
        new("read", Each[..1], 0.05, (disk, folder) => disk.Reads().Where(read => IsIn(read, folder))),
    ];

    private static bool IsIn(DiskOperation operation, string folder) => operation.Path.StartsWith(folder, StringComparison.Ordinal);

    private static bool IsSegment(DiskOperation operation, string folder) =>
        IsIn(operation, folder) && operation.Path.EndsWith(".seg", StringComparison.Ordinal);
}
