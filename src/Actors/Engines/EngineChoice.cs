using Akka.Event;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.LinuxAio;
using AkkaAio.Interop.Engines.ThreadPool;

namespace AkkaAio.Engines;

/// <summary>The engine of a system.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Reason">Why this one, in words.</param>
internal sealed record EngineChoice(IIoEngine Engine, string Reason)
{
    /// <summary>In the configuration: the best that works here.</summary>
    public const string Auto = "auto";

    private const string Key = $"{AioSettings.Path}.engine";

    /// <summary>The engine that the configuration names, or for auto the first usable of linux-aio and thread-pool.</summary>
    /// <param name="name">A name of <see cref="EngineTable"/>, or auto.</param>
    /// <param name="make">Makes an engine by its name; null for one that this build does not have.</param>
    /// <param name="log">Is warned where auto does not get the engine that it would rather have.</param>
    /// <exception cref="AioConfigurationException">The engine that is asked for is unavailable; says why, and what to do.</exception>
    public static EngineChoice Make(string name, Func<string, IIoEngine?> make, ILoggingAdapter log)
    {
        if (name != Auto)
        {
            return Named(name, make);
        }

        var (engine, unavailable) = Try(LinuxAioEngine.EngineName, make);
        if (engine is not null)
        {
            return new EngineChoice(engine, $"{Key} = {Auto}: {engine.Name} is usable here");
        }

        log.Warning(
            "engine {0} instead of {1}, which is unavailable here: {2}", ThreadPoolEngine.EngineName, LinuxAioEngine.EngineName,
            unavailable);
        return Named(ThreadPoolEngine.EngineName, make) with
        {
            Reason = $"{Key} = {Auto}: {LinuxAioEngine.EngineName} is unavailable here: {unavailable}",
        };
    }

    private static EngineChoice Named(string name, Func<string, IIoEngine?> make)
    {
        var (engine, unavailable) = Try(name, make);
        return engine is not null
            ? new EngineChoice(engine, $"{Key} = {name}")
            : throw new AioConfigurationException(
                Key, $"{name} is unavailable here: {unavailable}; or choose another engine: {Auto} takes one that works");
    }

    private static (IIoEngine? Engine, string? Unavailable) Try(string name, Func<string, IIoEngine?> make)
    {
        var engine = make(name);
        var unavailable = engine is null ? "this build does not have it" : engine.WhyUnavailable();
        return (unavailable is null ? engine : null, unavailable);
    }
}
