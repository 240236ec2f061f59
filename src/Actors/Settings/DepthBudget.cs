using Akka.Event;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.LinuxAio;

namespace AkkaAio;

/// <summary>Fits shards * depth into what the machine's limit leaves.</summary>
internal static class DepthBudget
{
    // Below it a context is not worth having: the start fails and says how to raise the limit.
    private const int LeastDepth = 16;

    /// <summary>The depth to use: as configured, or halved with a warning until it fits.</summary>
    /// <exception cref="AioConfigurationException">shards * depth is above the limit itself.</exception>
    /// <exception cref="AioContextException">Too little is left; says what to change.</exception>
    public static int Fit(AioSettings settings, IIoEngine engine, ILoggingAdapter log)
    {
        if (engine.Capacity is not var (free, max))
        {
            return settings.Depth;
        }

        var wanted = settings.Shards * engine.CapacityOf(settings.Depth);
        if (wanted > max)
        {
            throw new AioConfigurationException(
                $"{AioSettings.Path}.depth",
                $"{settings.Shards} shards of depth {settings.Depth} reserve {wanted} operations, more than the whole machine's limit " +
                $"fs.aio-max-nr = {max}; lower shards or depth, or raise it with: sysctl -w fs.aio-max-nr={LimitFor(wanted, settings)}");
        }

        var budget = Math.Min(free, (long)(max * settings.AioMaxNrShare));
        var depth = settings.Depth;
        while (settings.Shards * engine.CapacityOf(depth) > budget && depth / 2 >= LeastDepth)
        {
            depth /= 2;
        }

        if (settings.Shards * engine.CapacityOf(depth) > budget)
        {
            var limits = new AioLimits(max - free, max);
            throw new AioContextException(
                Errno.EAGAIN, $"{settings.Shards} contexts of depth {depth}",
                $"{limits.Remedy(wanted)}, or lower {AioSettings.Path}.shards or .depth, or raise .aio-max-nr-share");
        }

        if (depth < settings.Depth)
        {
            log.Warning(
                "depth is {0} instead of {1}: fs.aio-max-nr is {2}, of which {3} are free and a share of {4} is ours",
                depth, settings.Depth, max, free, settings.AioMaxNrShare);
        }

        return depth;
    }

    // A limit of which our share is enough, in the round numbers that limits have.
    private static long LimitFor(long wanted, AioSettings settings)
    {
        const long Round = 65536;
        return ((long)(wanted / settings.AioMaxNrShare) + Round - 1) / Round * Round;
    }
}
