using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Folders;

namespace AkkaAio.TestKit;

/// <summary>
/// An engine without a kernel: files live in memory, and scripts inject every fault that a kernel can produce. Deterministic: nothing
/// in it depends on a clock or on chance. For tests, ours and our users'.
/// </summary>
internal sealed partial class MemoryEngine : IIoEngine
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MemoryInode> _inodes = new(StringComparer.Ordinal);
    private readonly Dictionary<int, MemoryFile> _open = [];
    private readonly List<MemoryContext> _contexts = [];
    private int _lastDescriptor = 1000;
    private ulong _inodesMade;
    private static ulong s_lastDevice;

    public MemoryEngine() => Space = new MemorySpace(this);

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

    /// <summary>Records and decides for an <see cref="AioTestDisk"/>; scripts go before it. Null: there is no disk.</summary>
    internal DiskLog? Log { get; set; }

    /// <summary>The room for the files.</summary>
    internal MemorySpace Space { get; }

    /// <summary>What the files take of it, in bytes.</summary>
    internal long UsedBytes
    {
        get
        {
            lock (_lock)
            {
                return _inodes.Values.Concat(_open.Values.Select(file => file.Inode)).Distinct().Sum(inode => inode.AllocatedEnd);
            }
        }
    }

    /// <summary>The paths of the files that are open, as often as they are.</summary>
    internal string[] OpenPaths
    {
        get
        {
            lock (_lock)
            {
                return [.. _open.Values.Select(file => file.Path)];
            }
        }
    }

    /// <summary>What a power cut may leave; null: nobody asks, and nothing is written down.</summary>
    public DiskHistory? History { get; set; }

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

    /// <summary>A name is a full path, as that of a file on a real disk. An empty one stays, and is no file's.</summary>
    internal static string FullPathOf(string path) => path.Length == 0 ? path : Path.GetFullPath(path);

    /// <summary>Files of two engines are never one.</summary>
    internal ulong Device { get; } = Interlocked.Increment(ref s_lastDevice) << 48;

    /// <summary>A system call begins: scripts and rules let it go on, perhaps later, or fail it.</summary>
    /// <param name="call">Its name.</param>
    /// <param name="kind">What it is in the log.</param>
    /// <param name="path">The file's, as a script sees it.</param>
    /// <param name="offset">Byte offset, where it has one.</param>
    /// <param name="length">Bytes, where it has a length.</param>
    /// <param name="dataSync">Of a write: with RWF_DSYNC.</param>
    /// <param name="logPath">The path in the log, where it is another.</param>
    /// <param name="newPath">Of a rename.</param>
    internal FileCall Begin(
        string call, DiskOperationKind kind, string path, long? offset = null, long? length = null, bool dataSync = false,
        string? logPath = null, string? newPath = null)
    {
        var operation = Log?.Begin(kind, logPath ?? path, offset ?? 0, length ?? 0, dataSync, newPath);
        operation?.Wait();
        var begun = new FileCall(call, path, offset, length, operation);
        var errno = OnFileCall?.Invoke(call, path) ?? operation?.Fault ?? Errno.None;
        return errno == Errno.None ? begun : throw begun.Failed(errno);
    }

    /// <summary>A script lets a call that is in no log go on, or fails it.</summary>
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
