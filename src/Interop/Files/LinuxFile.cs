using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Files;

/// <summary>A regular file or raw block device, opened with O_CLOEXEC and, where asked for and possible, O_DIRECT.</summary>
public sealed class LinuxFile : IIoFile
{
    private readonly SafeFileHandle _handle;

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
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public FileIdentity Identity { get; }

    /// <inheritdoc/>
    public int Descriptor => (int)_handle.DangerousGetHandle();

    // A closed descriptor's number is soon another file's: SetLength would cut that one.
    private int OpenDescriptor
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return Descriptor;
        }
    }

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

    /// <summary>Opens <paramref name="path"/>. Blocks like any open(2).</summary>
    /// <exception cref="AioSystemException">The kernel refuses, or the path is a folder (EISDIR).</exception>
    /// <exception cref="AioArgumentException">The options contradict each other, or the path is no file and no block device.</exception>
    public static LinuxFile Open(string path, IoFileOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        SyscallTable.EnsureSupported();

        // Without O_NONBLOCK the open of a FIFO waits for its other end, for ever.
        var flags = FlagsOf(path, options) | FileSyscalls.ONonBlock;
        var direct = options.Direct == DirectIo.Off ? 0 : FileSyscalls.ODirect;
        var handle = FileSyscalls.TryOpen(path, flags | direct, out var errno);
        if (handle is null && errno == Errno.EINVAL && direct != 0)
        {
            // No O_DIRECT here. The refused open may have created the file already, so O_EXCL must go. Where direct I/O is required,
            // this open only finds out what the path is, and must not empty it.
            direct = 0;
            flags &= ~(FileSyscalls.OExcl | (options.Direct == DirectIo.Required ? FileSyscalls.OTrunc : 0));
            handle = FileSyscalls.TryOpen(path, flags, out errno);
        }

        if (handle is null)
        {
            throw new AioSystemException(errno, "open", path);
        }

        try
        {
            return FromHandle(handle, path, options, direct);
        }
        catch
        {
            handle.Dispose();
            if (options.Mode == FileMode.CreateNew)
            {
                File.Delete(path); // ours, and empty
            }

            throw;
        }
    }

    private static LinuxFile FromHandle(SafeFileHandle handle, string path, IoFileOptions options, int direct)
    {
        var fd = (int)handle.DangerousGetHandle();
        Check(FileSyscalls.Statx(fd, out var stat), "statx", path);
        if (stat.IsDirectory)
        {
            throw new AioSystemException(Errno.EISDIR, "open", path);
        }

        if (!stat.IsRegular && !stat.IsBlockDevice)
        {
            throw new AioArgumentException("not a regular file or block device (a pipe, socket or terminal?)", "open", path);
        }

        // Null also where open accepted O_DIRECT, but not for this file (ext4 with data=journal, encryption …): I/O would silently be
        // buffered and run inside io_submit.
        var alignment = direct == 0 ? null : DirectIoAlignment.Of(fd, stat);
        if (alignment is null)
        {
            if (options.Direct == DirectIo.Required)
            {
                throw new AioSystemException(Errno.EINVAL, "open", path, hint: "the file system refuses direct I/O (O_DIRECT)");
            }

            direct = 0;
        }

        Check(FileSyscalls.SetFlags(fd, direct), "fcntl", path);
        var file = new LinuxFile(handle, CanonicalPath(fd, path), options.Access, stat, alignment);
        if (options.PreallocationSize > 0 && !stat.IsBlockDevice)
        {
            var errno = FileSyscalls.Allocate(fd, 0, options.PreallocationSize);
            if (errno != Errno.EOPNOTSUPP)
            {
                Check(errno, "fallocate", path, 0, options.PreallocationSize);
            }
            else if (file.GetLength() < options.PreallocationSize)
            {
                file.SetLength(options.PreallocationSize); // without blocks, but as long as promised
            }
        }

        return file;
    }

    /// <inheritdoc/>
    public long GetLength()
    {
        if (IsBlockDevice)
        {
            Check(FileSyscalls.GetDeviceSize(OpenDescriptor, out var bytes), "ioctl(BLKGETSIZE64)", Path);
            return bytes;
        }

        Check(FileSyscalls.Statx(OpenDescriptor, out var stat), "statx", Path);
        return stat.Size;
    }

    /// <inheritdoc/>
    public void SetLength(long length) => Check(FileSyscalls.Truncate(OpenDescriptor, length), "ftruncate", Path, null, length);

    /// <inheritdoc/>
    public void Allocate(long offset, long length) =>
        Check(FileSyscalls.Allocate(OpenDescriptor, offset, length), "fallocate", Path, offset, length);

    /// <inheritdoc/>
    public int Read(Span<byte> destination, long offset)
    {
        Check(FileSyscalls.Read(OpenDescriptor, destination, offset, out var count), "read", Path, offset, destination.Length);
        return count;
    }

    /// <inheritdoc/>
    public int ReadV(ReadOnlySpan<IoVec> vectors, long offset)
    {
        Check(FileSyscalls.ReadV(OpenDescriptor, vectors, offset, RwFlags.None, out var count), "readv", Path, offset);
        return count;
    }

    /// <inheritdoc/>
    public int WriteV(ReadOnlySpan<IoVec> vectors, long offset, bool dataSync)
    {
        var flags = dataSync ? RwFlags.DSync : RwFlags.None;
        Check(FileSyscalls.WriteV(OpenDescriptor, vectors, offset, flags, out var count), "writev", Path, offset);
        return count;
    }

    /// <inheritdoc/>
    public bool LooksIntoPageCache => true;

    /// <inheritdoc/>
    public bool TryReadCached(Span<byte> destination, long offset, out int count) =>
        FileSyscalls.TryReadCached(OpenDescriptor, destination, offset, out count);

    /// <inheritdoc/>
    public int Write(ReadOnlySpan<byte> source, long offset, bool dataSync)
    {
        var flags = dataSync ? RwFlags.DSync : RwFlags.None;
        Check(FileSyscalls.Write(OpenDescriptor, source, offset, flags, out var count), "write", Path, offset, source.Length);
        return count;
    }

    /// <inheritdoc/>
    public void DataSync() => Check(FileSyscalls.DataSync(OpenDescriptor), "fdatasync", Path);

    /// <summary>close(2).</summary>
    public void Dispose() => _handle.Dispose();

    private static int FlagsOf(string path, IoFileOptions options)
    {
        options.Check(path);
        var access = options.Access switch
        {
            FileAccess.Read => FileSyscalls.ORdOnly,
            FileAccess.Write => FileSyscalls.OWrOnly,
            _ => FileSyscalls.ORdWr,
        };
        return access | options.Mode switch
        {
            FileMode.Open => 0,
            FileMode.OpenOrCreate => FileSyscalls.OCreat,
            FileMode.Create => FileSyscalls.OCreat | FileSyscalls.OTrunc,
            FileMode.CreateNew => FileSyscalls.OCreat | FileSyscalls.OExcl,
            _ => FileSyscalls.OTrunc, // Truncate
        };
    }

    // What the kernel calls it: links resolved, so that all names of a file go to one shard.
    private static string CanonicalPath(int fd, string path) =>
        File.ResolveLinkTarget($"/proc/self/fd/{fd}", returnFinalTarget: false)?.FullName ?? System.IO.Path.GetFullPath(path);

    private static void Check(Errno errno, string operation, string path, long? offset = null, long? length = null)
    {
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, operation, path, offset, length);
        }
    }
}
