using Akka.Event;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.LinuxAio;

namespace AkkaAio;

/// <summary>Fits shards * depth into what the machine's limit leaves.</summary>
internal static class DepthBudget
{
    // Below it a context is not worth having: the start fails and says how to raise the limit.
    internal const int LeastDepth = 16;

    /// <summary>The depth to use: as configured, or halved with a warning until it fits.</summary>
    /// <exception cref="AioConfigurationException">shards * depth is above the limit itself.</exception>
    /// <exception cref="AioContextException">Too little is left; says what to change.</exception>
    public static int Fit(AioSettings settings, IIoEngine engine, ILoggingAdapter log)
    {
        if (engine.Capacity is not var (free, max))
        {
            return settings.Depth;
        }

        long Reserved(int depth) => settings.Shards * engine.CapacityOf(depth);
        var least = Math.Min(settings.Depth, LeastDepth);
        var wanted = Reserved(settings.Depth);
        if (wanted > max && Reserved(least) <= max)
        {
            throw new AioConfigurationException(
                $"{AioSettings.Path}.depth",
                $"{settings.Shards} shards of depth {settings.Depth} reserve {wanted} operations, more than the whole machine's limit " +
                $"fs.aio-max-nr = {max}; lower shards or depth, or raise it with: sysctl -w fs.aio-max-nr={LimitFor(wanted, settings)}");
        }

        var budget = Math.Min(free, (long)(max * settings.AioMaxNrShare));
        var depth = settings.Depth;
        while (Reserved(depth) > budget && depth / 2 >= LeastDepth)
        {
            depth /= 2;
        }

        if (Reserved(depth) > budget)
        {
            throw new AioContextException(
                Errno.EAGAIN, $"{settings.Shards} contexts of depth {settings.Depth}, or {least} at least",
                Remedy(settings, new AioLimits(max - free, max), wanted, Reserved(least)));
        }

        if (depth < settings.Depth)
        {
            log.Warning(
                "depth is {Depth} instead of {Wanted}: fs.aio-max-nr is {Max}, of which {Free} are free and a share of {Share} is ours",
                depth, settings.Depth, max, free, settings.AioMaxNrShare);
        }

        return depth;
    }

    // Only what helps: the share where it is what is short, fewer shards where there are some.
    private static string Remedy(AioSettings settings, AioLimits limits, long wanted, long least)
    {
        var remedy = limits.Remedy(wanted, LimitFor(wanted, settings));
        if (limits.Free >= least && settings.AioMaxNrShare < 1)
        {
            remedy += FormattableString.Invariant(
                $", or raise {AioSettings.Path}.aio-max-nr-share, which is {settings.AioMaxNrShare}");
        }

        return settings.Shards > 1 ? $"{remedy}, or lower {AioSettings.Path}.shards, which is {settings.Shards}" : remedy;
    }

    // A limit of which our share is enough, in the round numbers that limits have.
    private static long LimitFor(long wanted, AioSettings settings)
    {
        const long Round = 65536;
        return ((long)(wanted / settings.AioMaxNrShare) + Round - 1) / Round * Round;
    }
}
