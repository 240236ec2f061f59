using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Benchmarks.Null;

/// <summary>
/// An engine that does nothing, as fio's "null": operations complete through the reaper, without the kernel and without data. What is
/// left is what the messages cost. Files are opened for real, and have their real length.
/// </summary>
internal sealed class NullEngine : IIoEngine
{
    /// <inheritdoc/>
    public string Name => "null";

    /// <summary>False; its files all claim to be direct.</summary>
    public bool TakesBuffered => false;

    /// <inheritdoc/>
    public (long Free, long Max)? Capacity => null;

    /// <inheritdoc/>
    public long CapacityOf(int depth) => depth;

    /// <summary>Null: it needs nothing of the machine.</summary>
    public string? WhyUnavailable() => null;

    /// <inheritdoc/>
    public IIoContext CreateContext(int depth) => new NullContext(depth);

    /// <inheritdoc/>
    public IIoFile Open(string path, IoFileOptions options) => new NullFile(LinuxFile.Open(path, options));
}
