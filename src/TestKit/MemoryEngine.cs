using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Folders;

namespace AkkaAio.TestKit;

/// <summary>
/// An engine without a kernel: files live in memory, and scripts inject every fault that a kernel can produce. Deterministic: nothing
/// in it depends on a clock or on chance. For tests, ours and our users'.
/// </summary>
internal sealed class MemoryEngine : IIoEngine
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MemoryInode> _inodes = new(StringComparer.Ordinal);
    private readonly Dictionary<int, MemoryFile> _open = [];
    private readonly List<MemoryContext> _contexts = [];
    private int _lastDescriptor = 1000;
    private ulong _inodesMade;
    private static ulong s_lastDevice;

    /// <inheritdoc/>
    public string Name => "memory";

    /// <summary>False, as for Linux AIO, whose part it plays.</summary>
    public bool TakesBuffered => false;

    /// <inheritdoc/>
    public (long Free, long Max)? Capacity { get; set; }

    /// <summary>What offsets and lengths on direct files must be multiples of, in bytes.</summary>
    public int Alignment { get; set; } = 512;

    /// <summary>The device that a file is on, by its path; null: all are on one.</summary>
    public Func<string, ulong>? DeviceOf { get; init; }

    /// <summary>Asked about every operation as it is submitted, on the submitting thread.</summary>
    public OperationFaultScript? OnOperation { get; set; }

    /// <summary>Asked about every submit call, on the submitting thread.</summary>
    public SubmitFaultScript? OnSubmit { get; set; }

    /// <summary>Asked before every context is opened, with the depth; an errno other than None refuses it.</summary>
    public Func<int, Errno>? OnSetup { get; set; }

    /// <summary>
    /// Asked before every blocking file operation (open, fstat, ftruncate, fallocate, fiemap, pread, pwrite, close, unlink, rename, fsync
    /// of a folder), with its name and path.
    /// </summary>
    public Func<string, string, Errno>? OnFileCall { get; set; }

    /// <summary>Asked before blocks are allocated, with the path and the end of the range; an errno other than None refuses.</summary>
    public Func<string, long, Errno>? OnAllocate { get; set; }

    /// <summary>Asked with the path whether the page cache has what is to be read of a buffered file; null: it never has.</summary>
    public Func<string, bool>? IsCached { get; set; }

    /// <summary>
    /// Told about every write as its bytes are in the file: path, offset, bytes, and whether it carried RWF_DSYNC, so that they are
    /// durable.
    /// </summary>
    public Action<string, long, long, bool>? OnWritten { get; set; }

    /// <summary>Asked on every reap, on the reaper's thread; an exception of it is the reaper's.</summary>
    public Action? OnReap { get; set; }

    /// <summary>Contexts that are open now.</summary>
    public int OpenContexts
    {
        get
        {
            lock (_lock)
            {
                return _contexts.Count;
            }
        }
    }

    /// <summary>Files that are open now.</summary>
    public int OpenFiles
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>fdatasync calls that have completed without error.</summary>
    public long DataSyncs => Volatile.Read(ref _dataSyncs);

    private long _dataSyncs;

    /// <inheritdoc/>
    public long CapacityOf(int depth) => depth;

    /// <summary>Why it cannot be used; null, as it needs nothing of the machine.</summary>
    public string? Unavailable { get; init; }

    /// <inheritdoc/>
    public string? WhyUnavailable() => Unavailable;

    /// <inheritdoc/>
    public IIoContext CreateContext(int depth)
    {
        var errno = OnSetup?.Invoke(depth) ?? Errno.None;
        if (errno != Errno.None)
        {
            throw new AioContextException(errno, $"in-memory context for {depth} operations", "the test's script says so");
        }

        var context = new MemoryContext(this, depth);
        lock (_lock)
        {
            _contexts.Add(context);
        }

        return context;
    }

    /// <inheritdoc/>
    public IIoFile Open(string path, IoFileOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check(path);
        CheckFileCall("open", path);
        lock (_lock)
        {
            var exists = _inodes.TryGetValue(path, out var inode);
            switch (options.Mode)
            {
                case FileMode.Open or FileMode.Truncate when !exists:
                    throw new AioSystemException(Errno.ENOENT, "open", path);
                case FileMode.CreateNew when exists:
                    throw new AioSystemException(Errno.EEXIST, "open", path);
                default:
                    break;
            }

            if (options.PreallocationSize > Array.MaxLength)
            {
                throw new AioSystemException(Errno.EFBIG, "fallocate", path, 0, options.PreallocationSize);
            }

            if (exists && options.Lock != FileLockMode.None &&
                _open.Values.Any(other => other.Inode == inode && other.Lock != FileLockMode.None &&
                                          (options.Lock == FileLockMode.Exclusive || other.Lock == FileLockMode.Exclusive)))
            {
                throw new AioSystemException(Errno.EAGAIN, "fcntl(F_OFD_SETLK)", path);
            }

            if (exists && options.Share is { } share &&
                _open.Values.Any(other => other.Inode == inode && other.Share is { } its &&
                                          (share == FileShare.None || its == FileShare.None)))
            {
                throw new AioSystemException(Errno.EAGAIN, "flock", path);
            }

            inode ??= _inodes[path] = new MemoryInode(_inodesMade++);
            if (options.Mode is FileMode.Create or FileMode.Truncate)
            {
                inode.SetLength(0);
            }

            if (options.PreallocationSize > inode.Length)
            {
                inode.SetLength(options.PreallocationSize);
            }

            var file = new MemoryFile(this, path, ++_lastDescriptor, inode, options);
            _open.Add(file.Descriptor, file);
            return file;
        }
    }

    IFileNames IIoEngine.Names => new MemoryNames(this);

    /// <summary>
    /// Lets held operations complete: those that match, or all; in the order in which they were submitted, or as <paramref name="order"/>
    /// sorts them.
    /// </summary>
    /// <returns>How many were released.</returns>
    public int Release(Func<IoRequest, bool>? where = null, Comparison<IoRequest>? order = null)
    {
        MemoryContext[] contexts;
        lock (_lock)
        {
            contexts = [.. _contexts];
        }

        return contexts.Sum(context => context.Release(where, order));
    }

    /// <summary>The paths of the files, sorted.</summary>
    public string[] Paths
    {
        get
        {
            lock (_lock)
            {
                return [.. _inodes.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Gives a file these bytes, and no script a say in it.</summary>
    public void WriteAllBytes(string path, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            var inode = _inodes.TryGetValue(path, out var there) ? there : _inodes[path] = new MemoryInode(_inodesMade++);
            inode.SetLength(0);
            inode.Write(bytes, 0);
        }
    }

    /// <summary>A copy of a file's bytes, as they are now.</summary>
    public byte[] ReadAllBytes(string path)
    {
        lock (_lock)
        {
            return _inodes.TryGetValue(path, out var inode)
                ? inode.ToArray()
                : throw new AioSystemException(Errno.ENOENT, "open", path);
        }
    }

    /// <summary>Files of two engines are never one.</summary>
    internal ulong Device { get; } = Interlocked.Increment(ref s_lastDevice) << 48;

    internal void CheckFileCall(string call, string path)
    {
        var errno = OnFileCall?.Invoke(call, path) ?? Errno.None;
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, call, path);
        }
    }

    internal MemoryFile? FileOf(int descriptor)
    {
        lock (_lock)
        {
            return _open.GetValueOrDefault(descriptor);
        }
    }

    /// <summary>Takes a file's name away, and gives it another.</summary>
    internal void Rename(string call, string path, string? newPath, bool replace)
    {
        CheckFileCall(call, path);
        lock (_lock)
        {
            if (!_inodes.TryGetValue(path, out var inode))
            {
                throw new AioSystemException(Errno.ENOENT, call, path);
            }

            if (newPath is not null && !replace && _inodes.ContainsKey(newPath))
            {
                throw new AioSystemException(Errno.EEXIST, call, path);
            }

            _inodes.Remove(path);
            if (newPath is not null)
            {
                _inodes[newPath] = inode;
            }
        }
    }

    internal void Closed(MemoryFile file)
    {
        lock (_lock)
        {
            _open.Remove(file.Descriptor);
        }
    }

    internal void Closed(MemoryContext context)
    {
        lock (_lock)
        {
            _contexts.Remove(context);
        }
    }

    internal void CountDataSync() => Interlocked.Increment(ref _dataSyncs);
}
