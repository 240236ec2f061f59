using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Engines.Null;

/// <summary>
/// An engine that does nothing, as fio's "null": operations complete through the reaper, without the kernel and without data. What is
/// left is what the messages cost. Files are opened for real, and have their real length.
/// </summary>
public sealed class NullEngine : IIoEngine
{
    /// <summary>The name in <c>akka.io.aio.engine</c>. HOCON cannot say "null": even in quotes it is read as no value.</summary>
    public const string EngineName = "discard";

    /// <inheritdoc/>
    public string Name => EngineName;

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
