using Akka.Event;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.IoUring;
using AkkaAio.Interop.Engines.LinuxAio;
using AkkaAio.Interop.Engines.PosixAio;
using AkkaAio.Interop.Engines.ThreadPool;

namespace AkkaAio.Engines;

/// <summary>The engine of a system.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Reason">Why this one, in words.</param>
/// <param name="IsFallback">Auto would rather have had another one.</param>
internal sealed record EngineChoice(IIoEngine Engine, string Reason, bool IsFallback = false)
{
    /// <summary>In the configuration: the best that works here.</summary>
    public const string Auto = "auto";

    private const string Key = $"{AioSettings.Path}.engine";

    // Those that do I/O, the best first.
    private static readonly string[] Real =
        [LinuxAioEngine.EngineName, IoUringEngine.EngineName, ThreadPoolEngine.EngineName, PosixAioEngine.EngineName];

    /// <summary>
    /// The engine that the configuration names with its contexts, or for auto the first of linux-aio and thread-pool that gives them.
    /// </summary>
    /// <param name="name">A name of <see cref="EngineTable"/>, or auto.</param>
    /// <param name="make">Makes an engine by its name; null for one that this build does not have.</param>
    /// <param name="open">Opens the contexts.</param>
    /// <param name="log">Is warned where auto does not get the engine that it would rather have.</param>
    /// <exception cref="AioConfigurationException">The engine that is asked for is unavailable; says why, and which ones would
    /// start.</exception>
    /// <exception cref="AioContextException">It is available and gives no context; says why, and which ones would start.</exception>
    public static (EngineChoice Choice, T Opened) Open<T>(
        string name, Func<string, IIoEngine?> make, Func<IIoEngine, T> open, ILoggingAdapter log)
    {
        if (name != Auto)
        {
            return Named(name, make, open);
        }

        var (engine, unavailable) = Try(LinuxAioEngine.EngineName, make);
        if (engine is not null)
        {
            try
            {
                return (new EngineChoice(engine, $"{Key} = {Auto}: {engine.Name} is usable here"), open(engine));
            }
            catch (AioContextException e)
            {
                unavailable = e.Message;
            }
        }

        log.Warning(
            "engine {Engine} instead of {Wanted}, which is unavailable here: {Reason}",
            ThreadPoolEngine.EngineName, LinuxAioEngine.EngineName, unavailable);
        var (choice, opened) = Named(ThreadPoolEngine.EngineName, make, open);
        var reason = $"{Key} = {Auto}: {LinuxAioEngine.EngineName} is unavailable here: {unavailable}";
        return (choice with { Reason = reason, IsFallback = true }, opened);
    }

    private static (EngineChoice Choice, T Opened) Named<T>(string name, Func<string, IIoEngine?> make, Func<IIoEngine, T> open)
    {
        var (engine, unavailable) = Try(name, make);
        if (engine is null)
        {
            throw new AioConfigurationException(Key, $"{name} is unavailable here: {unavailable}; {Others(name, make)}");
        }

        try
        {
            return (new EngineChoice(engine, $"{Key} = {name}"), open(engine));
        }
        catch (AioContextException e)
        {
            throw new AioContextException(e, Others(name, make));
        }
    }

    private static string Others(string name, Func<string, IIoEngine?> make)
    {
        var others = Real.Where(other => other != name && Starts(other, make)).ToArray();
        return others.Length == 0 ? "no other engine would start here" : $"{Key} would start as: {string.Join(", ", others)}";
    }

    // By trying it: a limit may leave an engine that is usable no context.
    private static bool Starts(string name, Func<string, IIoEngine?> make)
    {
        try
        {
            if (Try(name, make).Engine is not { } engine)
            {
                return false;
            }

            engine.CreateContext(DepthBudget.LeastDepth).Dispose();
            return true;
        }
        catch (AioException)
        {
            return false;
        }
    }

    private static (IIoEngine? Engine, string? Unavailable) Try(string name, Func<string, IIoEngine?> make)
    {
        var engine = make(name);
        var unavailable = engine is null ? "this build does not have it" : engine.WhyUnavailable();
        return (unavailable is null ? engine : null, unavailable);
    }
}
