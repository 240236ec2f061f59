using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Engines.LinuxAio;

/// <summary>Linux native AIO: io_setup(2), io_submit(2), io_getevents(2), io_destroy(2).</summary>
public sealed class LinuxAioEngine : IIoEngine
{
    /// <summary>The name in <c>akka.io.aio.engine</c>.</summary>
    public const string EngineName = "linux-aio";

    /// <inheritdoc/>
    public string Name => EngineName;

    /// <inheritdoc/>
    public (long Free, long Max)? Capacity
    {
        get
        {
            var limits = AioLimits.Read();
            return (limits.Free, limits.AioMaxNr);
        }
    }

    /// <inheritdoc/>
    public bool TakesBuffered => false;

    /// <inheritdoc/>
    public string? WhyUnavailable()
    {
        try
        {
            AioContextHandle.Setup(1).Dispose();
            return null;
        }
        catch (AioContextException e) when (e.Errno == Errno.EAGAIN)
        {
            return null; // the machine's limit is used up: there is AIO, and the start says what to raise
        }
        catch (Exception e) when (e is AioContextException or PlatformNotSupportedException)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public long CapacityOf(int depth) => LinuxAioContext.ReservationOf(depth);

    /// <inheritdoc/>
    public IIoContext CreateContext(int depth) => new LinuxAioContext(depth);

    /// <inheritdoc/>
    public IIoFile Open(string path, IoFileOptions options) => LinuxFile.Open(path, options);
}
