using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Interop.Engines;

/// <summary>How to open a file.</summary>
/// <param name="Mode">As for <see cref="FileStream"/>; Append is OpenOrCreate, since every write names its offset.</param>
/// <param name="Access">As for <see cref="FileStream"/>.</param>
/// <param name="Direct">Whether to bypass the page cache.</param>
/// <param name="PreallocationSize">Allocates this many bytes from the start, and makes the file at least that long.</param>
internal sealed record IoFileOptions(
    FileMode Mode = FileMode.Open,
    FileAccess Access = FileAccess.Read,
    DirectIo Direct = DirectIo.Auto,
    long PreallocationSize = 0)
{
    /// <summary>The lock that the open holds.</summary>
    public FileLockMode Lock { get; init; }

    /// <summary>What flock(2) holds until the close. Null: nothing.</summary>
    public FileShare? Share { get; init; }

    /// <summary>Permissions of a file that the open makes, less the umask. Null: 0666.</summary>
    public UnixFileMode? UnixCreateMode { get; init; }

    /// <summary>Whether the open may make the file.</summary>
    public bool Creates => Mode is FileMode.Create or FileMode.CreateNew or FileMode.OpenOrCreate or FileMode.Append;

    /// <summary>The path is a name below this folder: a regular file with one name, reached over no link. Null: it is any path.</summary>
    internal Folder? Below { get; init; }

    /// <summary>What every engine refuses alike, before it looks at the file.</summary>
    internal void Check(string path)
    {
        var reason = Mode switch
        {
            _ when path.Contains('\0', StringComparison.Ordinal) => "the path contains a NUL, where the kernel would end it",
            < FileMode.CreateNew or > FileMode.Append => $"FileMode {Mode} does not exist",
            _ when Access is < FileAccess.Read or > FileAccess.ReadWrite =>
                $"FileAccess {Access} is none of Read, Write, ReadWrite",
            FileMode.Create or FileMode.CreateNew or FileMode.Truncate or FileMode.Append when Access == FileAccess.Read =>
                $"FileMode.{Mode} needs write access",
            _ when PreallocationSize < 0 => $"PreallocationSize is {PreallocationSize}; it is 0 or more bytes",
            _ when PreallocationSize > 0 && Access == FileAccess.Read =>
                $"PreallocationSize = {PreallocationSize} needs write access",
            _ when Lock is < FileLockMode.None or > FileLockMode.Exclusive => $"FileLockMode {Lock} does not exist",
            _ when Lock == FileLockMode.Exclusive && Access == FileAccess.Read => "an exclusive lock needs write access",
            _ when Lock == FileLockMode.Shared && Access == FileAccess.Write => "a shared lock needs read access",
            _ when Share is < FileShare.None or > (FileShare.ReadWrite | FileShare.Delete) =>
                $"FileShare {Share} is none of None, Read, Write, ReadWrite and Delete",
            _ when UnixCreateMode is < 0 or > (UnixFileMode)0xFFF => $"UnixCreateMode {UnixCreateMode} has bits that are no permissions",
            _ when UnixCreateMode is not null && !Creates => $"UnixCreateMode is for files that are made, and FileMode.{Mode} makes none",
            _ => null,
        };
        if (reason is not null)
        {
            throw new AioArgumentException(reason, "open", path);
        }
    }
}

/// <summary>An open file. All of its methods block; the contexts do the I/O that must not.</summary>
internal interface IIoFile : IDisposable
{
    /// <summary>The canonical path: absolute, symbolic links resolved.</summary>
    string Path { get; }

    /// <summary>Whether two opens are one file.</summary>
    FileIdentity Identity { get; }

    /// <summary>What <see cref="IoRequest.Descriptor"/> takes. Valid until Dispose, and another file's after it.</summary>
    int Descriptor { get; }

    /// <summary>What the file was opened for.</summary>
    FileAccess Access { get; }

    /// <summary>Whether I/O bypasses the page cache.</summary>
    bool IsDirect { get; }

    /// <summary>Whether this is a raw block device, whose length is fixed.</summary>
    bool IsBlockDevice { get; }

    /// <summary>What offsets and lengths must be multiples of, in bytes; 1 for buffered files.</summary>
    int OffsetAlignment { get; }

    /// <summary>What addresses must be multiples of, in bytes; 1 for buffered files.</summary>
    int MemoryAlignment { get; }

    /// <summary>Length in bytes now.</summary>
    long GetLength();

    /// <summary>ftruncate(2).</summary>
    void SetLength(long length);

    /// <summary>fallocate(2): blocks for the range, and a length that includes it.</summary>
    /// <exception cref="AioSystemException">
    /// ENOSPC, EFBIG …: the length is as it was. EOPNOTSUPP: the file system cannot allocate ahead.
    /// </exception>
    void Allocate(long offset, long length);

    /// <summary>
    /// What the device writes at once, in bytes, at least <see cref="OffsetAlignment"/>: a smaller write makes it read and rewrite a block.
    /// </summary>
    int PhysicalBlockSize => Math.Max(4096, OffsetAlignment);

    /// <summary>fallocate(2) with FALLOC_FL_PUNCH_HOLE: frees the blocks of the range, which reads as zeros; the length stays.</summary>
    /// <exception cref="AioSystemException">EOPNOTSUPP: the file system cannot.</exception>
    void PunchHole(long offset, long length) => throw new AioSystemException(Errno.EOPNOTSUPP, "fallocate", Path, offset, length);

    /// <summary>
    /// Where the last data at or behind <paramref name="from"/> ends, perhaps rounded up to the file system's blocks;
    /// <paramref name="from"/> where there is none. Zeros that were only allocated are no data. A file system that does not tell
    /// allocated from written takes all for data. Null: nobody can say.
    /// </summary>
    long? FindEndOfData(long from) => null;

    /// <summary>pread(2); for buffered files.</summary>
    /// <returns>Bytes read; fewer than asked for at the end of the file, 0 behind it.</returns>
    int Read(Span<byte> destination, long offset);

    /// <summary>preadv(2): fills the buffers in their order. One after the other here; stops where one is not filled.</summary>
    /// <returns>Bytes read; fewer than the sum of the lengths at the end of the file, 0 behind it.</returns>
    /// <remarks>
    /// Not by RandomAccess's calls for many buffers: they pin <see cref="Memory{T}"/>, which a buffer that was disposed early refuses,
    /// although the operation holds it still.
    /// </remarks>
    int ReadV(ReadOnlySpan<IoVec> vectors, long offset)
    {
        var total = 0;
        foreach (var vector in vectors)
        {
            var count = Read(vector.AsSpan(), offset + total);
            total += count;
            if (count < vector.Length)
            {
                break;
            }
        }

        return total;
    }

    /// <summary>pwritev(2): writes the buffers in their order. One after the other here; stops where one is not written whole.</summary>
    /// <returns>Bytes written, possibly fewer than given.</returns>
    int WriteV(ReadOnlySpan<IoVec> vectors, long offset, bool dataSync)
    {
        var total = 0;
        foreach (var vector in vectors)
        {
            var count = Write(vector.AsSpan(), offset + total, dataSync);
            total += count;
            if (count < vector.Length)
            {
                break;
            }
        }

        return total;
    }

    /// <summary>Whether <see cref="TryReadCached"/> can ever say yes.</summary>
    bool LooksIntoPageCache => false;

    /// <summary>
    /// Reads only what needs no waiting, because the page cache has it: preadv2(2) with RWF_NOWAIT. The one method that does not block.
    /// </summary>
    /// <param name="destination">Receives the bytes; may have been written to when the answer is false.</param>
    /// <param name="offset">Byte offset in the file.</param>
    /// <param name="count">Bytes read; fewer than asked for at the end of the file, 0 behind it.</param>
    /// <returns>False: some of it is not cached, or nobody can say; <see cref="Read"/> does it.</returns>
    bool TryReadCached(Span<byte> destination, long offset, out int count)
    {
        count = 0;
        return false;
    }

    /// <summary>pwrite(2); for buffered files.</summary>
    /// <returns>Bytes written, possibly fewer than given.</returns>
    int Write(ReadOnlySpan<byte> source, long offset, bool dataSync);

    /// <summary>fdatasync(2); for engines and file systems that cannot do it in the background.</summary>
    void DataSync();
}
