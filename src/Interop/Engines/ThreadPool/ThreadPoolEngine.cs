using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Engines.ThreadPool;

/// <summary>
/// Blocking calls on threads of its own: pread(2), pwrite(2), fdatasync(2), a bounded number of them at once in each context. Needs
/// nothing of the kernel, and so works where the others are forbidden or unknown.
/// </summary>
internal sealed class ThreadPoolEngine : IIoEngine
{
    /// <summary>The name in <c>akka.io.aio.engine</c>.</summary>
    public const string EngineName = "thread-pool";

    // A device gains little beyond this (reads at depth 128 of psync's with as many jobs: 0.87 with 64), and each thread costs the kernel a
    // stack: with the stock depth of 256 in each of 8 shards a burst would start 2048, which a container's pids limit refuses.
    private const int MostThreads = 128;

    private readonly int? _threads;

    /// <summary>
    /// An engine whose contexts have up to <paramref name="threads"/> threads each; null: as many as their depth, up to 128.
    /// </summary>
    public ThreadPoolEngine(int? threads = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads ?? 1, nameof(threads));
        _threads = threads;
    }

    /// <summary>Files as they are where there is no Linux. For tests.</summary>
    internal bool IsPortable { get; init; } = !SyscallTable.IsSupported;

    /// <inheritdoc/>
    public string Name => EngineName;

    /// <inheritdoc/>
    public (long Free, long Max)? Capacity => null;

    /// <inheritdoc/>
    public bool TakesBuffered => true;

    /// <inheritdoc/>
    public string? WhyUnavailable() => null;

    /// <inheritdoc/>
    public long CapacityOf(int depth) => depth;

    /// <inheritdoc/>
    public IIoContext CreateContext(int depth) => new ThreadPoolContext(
        depth, _threads ?? Math.Min(depth, MostThreads), IsPortable ? PortableCalls.Instance : LinuxCalls.Instance);

    /// <inheritdoc/>
    public IIoFile Open(string path, IoFileOptions options) =>
        IsPortable ? PortableFile.Open(path, options) : LinuxFile.Open(path, options);
}
