using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Engines.LinuxAio;

/// <summary>Linux native AIO: io_setup(2), io_submit(2), io_getevents(2), io_destroy(2).</summary>
internal sealed class LinuxAioEngine : IIoEngine
{
    /// <summary>The name in <c>akka.io.aio.engine</c>.</summary>
    public const string EngineName = "linux-aio";

    /// <inheritdoc/>
    public string Name => EngineName;

    /// <summary>False: io_submit itself waits for the disk where the file is buffered.</summary>
    public bool TakesBuffered => false;

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
    public long CapacityOf(int depth) => LinuxAioContext.ReservationOf(depth);

    /// <inheritdoc/>
    public string? WhyUnavailable() => WhyUnavailable(() => AioContextHandle.Setup(1).Dispose());

    internal static string? WhyUnavailable(Action probe)
    {
        try
        {
            probe();
            return null;
        }
        catch (AioContextException e)
        {
            return e.Errno == Errno.EAGAIN ? null : e.Message; // EAGAIN: fs.aio-max-nr is used up now, and may be free later
        }
        catch (PlatformNotSupportedException e)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public IIoContext CreateContext(int depth) => new LinuxAioContext(depth);

    /// <inheritdoc/>
    public IIoFile Open(string path, IoFileOptions options) => LinuxFile.Open(path, options);
}
