namespace AkkaAio.TestKit;

/// <summary>The room on the disk.</summary>
internal sealed class MemorySpace(MemoryEngine engine)
{
    private readonly Lock _lock = new(); // outside of the engine's and the inodes'

    /// <summary>In bytes; null: without an end.</summary>
    public long? Capacity { get; set; }

    /// <summary>Writes what fits.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="source">What is to be written.</param>
    /// <param name="offset">Byte offset in the file.</param>
    /// <param name="unit">What is written is a multiple of this, where not all fits.</param>
    /// <param name="submitted">For the file's history, if it has one.</param>
    /// <param name="isDsync">It is durable by itself.</param>
    /// <returns>Bytes written; ENOSPC where none fit, EFBIG where the file would be too long for this engine.</returns>
    public (int Count, Errno Error) Write(
        MemoryInode inode, ReadOnlySpan<byte> source, long offset, int unit, Change? submitted, bool isDsync)
    {
        if (Capacity is null)
        {
            return (source.Length, inode.Write(source, offset, submitted, isDsync));
        }

        lock (_lock)
        {
            var end = EndFor(inode);
            var fits = source.Length <= end - offset ? source.Length : (int)Math.Max(0, (end - offset) / unit * unit);
            return fits == 0 && source.Length > 0 ? (0, Errno.ENOSPC) : (fits, inode.Write(source[..fits], offset, submitted, isDsync));
        }
    }

    /// <summary>Allocates a range, or nothing.</summary>
    public Errno Allocate(MemoryInode inode, long offset, long length)
    {
        if (offset > Array.MaxLength - length)
        {
            return Errno.EFBIG;
        }

        lock (_lock)
        {
            if (offset + length > EndFor(inode))
            {
                return Errno.ENOSPC;
            }

            inode.Allocate(offset + length);
            return Errno.None;
        }
    }

    private long EndFor(MemoryInode inode) =>
        Capacity is { } capacity ? inode.AllocatedEnd + Math.Max(0, capacity - engine.UsedBytes) : long.MaxValue;
}
