using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Files;

/// <summary>A regular file or raw block device, opened with O_CLOEXEC and, where asked for and possible, O_DIRECT.</summary>
internal sealed partial class LinuxFile : IIoFile
{
    private readonly SafeFileHandle _handle;
    private int _disposed;

    private LinuxFile(
        SafeFileHandle handle, string path, FileAccess access, in StatxBuffer stat, DirectIoAlignment? alignment)
    {
        _handle = handle;
        Path = path;
        Access = access;
        IsBlockDevice = stat.IsBlockDevice;
        Identity = stat.Identity;
        IsDirect = alignment is not null;
        MemoryAlignment = alignment?.Memory ?? DirectIoAlignment.None.Memory;
        OffsetAlignment = alignment?.Offset ?? DirectIoAlignment.None.Offset;
        PhysicalBlockSize = Math.Max(DeviceBlocks.PhysicalSizeOf(stat), OffsetAlignment);
        OpenFileCounts.Opened(Identity);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public FileIdentity Identity { get; }

    /// <inheritdoc/>
    public int Descriptor => (int)_handle.DangerousGetHandle();

    /// <summary>For calls on the file that are not here.</summary>
    internal SafeFileHandle Handle => _handle;

    /// <inheritdoc/>
    public FileAccess Access { get; }

    /// <inheritdoc/>
    public bool IsDirect { get; }

    /// <inheritdoc/>
    public bool IsBlockDevice { get; }

    /// <inheritdoc/>
    public int OffsetAlignment { get; }

    /// <inheritdoc/>
    public int MemoryAlignment { get; }

    /// <inheritdoc/>
    public int PhysicalBlockSize { get; }

    /// <inheritdoc/>
    public long GetLength()
    {
        using var use = new Use(this);
        if (IsBlockDevice)
        {
            Check(FileSyscalls.GetDeviceSize(use.Descriptor, out var bytes), "ioctl(BLKGETSIZE64)", Path);
            return bytes;
        }

        Check(FileSyscalls.Statx(use.Descriptor, out var stat), "statx", Path);
        return stat.Size;
    }

    /// <inheritdoc/>
    public void SetLength(long length)
    {
        using var use = new Use(this);
        Check(FileSyscalls.Truncate(use.Descriptor, length), "ftruncate", Path, null, length);
    }

    /// <inheritdoc/>
    public void Allocate(long offset, long length)
    {
        using var use = new Use(this);
        Check(Preallocation.Allocate(use.Descriptor, Identity, opens: 1, offset, length), "fallocate", Path, offset, length);
    }

    /// <inheritdoc/>
    public void PunchHole(long offset, long length)
    {
        using var use = new Use(this);
        Check(FileSyscalls.PunchHole(use.Descriptor, offset, length), "fallocate(FALLOC_FL_PUNCH_HOLE)", Path, offset, length);
    }

    /// <inheritdoc/>
    public long? FindEndOfData(long from)
    {
        using var use = new Use(this);
        return WrittenExtents.TryFindEnd(use.Descriptor, from);
    }

    /// <inheritdoc/>
    public int Read(Span<byte> destination, long offset)
    {
        using var use = new Use(this);
        Check(FileSyscalls.Read(use.Descriptor, destination, offset, out var count), "read", Path, offset, destination.Length);
        return count;
    }

    /// <inheritdoc/>
    public int ReadV(ReadOnlySpan<IoVec> vectors, long offset)
    {
        using var use = new Use(this);
        Check(FileSyscalls.ReadV(use.Descriptor, vectors, offset, RwFlags.None, out var count), "readv", Path, offset);
        return count;
    }

    /// <inheritdoc/>
    public int WriteV(ReadOnlySpan<IoVec> vectors, long offset, bool dataSync)
    {
        using var use = new Use(this);
        var flags = dataSync ? RwFlags.DSync : RwFlags.None;
        Check(FileSyscalls.WriteV(use.Descriptor, vectors, offset, flags, out var count), "writev", Path, offset);
        return count;
    }

    /// <inheritdoc/>
    public bool LooksIntoPageCache => true;

    /// <inheritdoc/>
    public bool TryReadCached(Span<byte> destination, long offset, out int count)
    {
        using var use = new Use(this);
        return FileSyscalls.TryReadCached(use.Descriptor, destination, offset, out count);
    }

    /// <inheritdoc/>
    public int Write(ReadOnlySpan<byte> source, long offset, bool dataSync)
    {
        using var use = new Use(this);
        var flags = dataSync ? RwFlags.DSync : RwFlags.None;
        Check(FileSyscalls.Write(use.Descriptor, source, offset, flags, out var count), "write", Path, offset, source.Length);
        return count;
    }

    /// <inheritdoc/>
    public void DataSync()
    {
        using var use = new Use(this);
        var errno = FileSyscalls.DataSync(use.Descriptor);
        if (errno == Errno.EINVAL && Access == FileAccess.Read)
        {
            return; // squashfs, erofs: there is nothing that could be written, and no fsync
        }

        Check(errno, "fdatasync", Path);
    }

    /// <summary>
    /// Keeps the descriptor, and the lock that it holds, until the result is disposed of, though the file is closed before.
    /// </summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal IDisposable Keep() => new Kept(_handle);

    /// <summary>fsync(2): bytes, length and attributes.</summary>
    internal void FullSync() => Check(FolderSyscalls.Sync(_handle), "fsync", Path);

    /// <summary>close(2), once the blocking calls that are under way have returned.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            OpenFileCounts.Closed(Identity);
        }

        _handle.Dispose();
    }

    private static void Check(Errno errno, string operation, string path, long? offset = null, long? length = null)
    {
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, operation, path, offset, length);
        }
    }

    private sealed class Kept : IDisposable
    {
        private SafeFileHandle? _handle;

        public Kept(SafeFileHandle handle)
        {
            var taken = false;
            handle.DangerousAddRef(ref taken);
            _handle = handle;
        }

        public void Dispose() => Interlocked.Exchange(ref _handle, null)?.DangerousRelease();
    }

    /// <summary>Keeps the descriptor from being closed during a call: its number would soon be another file's.</summary>
    private readonly ref struct Use
    {
        private readonly SafeFileHandle _handle;

        public Use(LinuxFile file)
        {
            var taken = false;
            _handle = file._handle;
            _handle.DangerousAddRef(ref taken); // ObjectDisposedException of a closed one
        }

        public int Descriptor => (int)_handle.DangerousGetHandle();

        public void Dispose() => _handle.DangerousRelease();
    }
}
