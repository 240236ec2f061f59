using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.PosixAio;
using AkkaAio.Shards;

namespace AkkaAio.Engines;

/// <summary>
/// Opens what a system's I/O runs on: here and not in the actors, so that a kernel that refuses, or a dispatcher that cannot be made,
/// fails the start with its reason.
/// </summary>
internal sealed class EngineStart(ActorSystem system, AioSettings settings, ILoggingAdapter log)
{
    private readonly AioSetup? _setup =
        system.Settings.Setup.Get<AioSetup>() is { HasValue: true, Value: var setup } ? setup : null;

    /// <summary>The engine of a setup (tests bring their own), else the configured one; with a context per shard.</summary>
    public (EngineChoice Choice, (int Depth, Shard[] Shards) Opened) Open() => _setup?.Engine is { } engine
        ? (new EngineChoice(engine, "given by an AioSetup"), OpenShards(engine))
        : EngineChoice.Open(settings.Engine, _setup?.Make ?? EngineTable.Make, OpenShards, log);

    /// <summary>One of our dispatchers. An actor that has none would be found missing only by its first command.</summary>
    public MessageDispatcher Dispatcher(string name)
    {
        var id = AioSettings.DispatcherId(name);
        try
        {
            return system.Dispatchers.HasDispatcher(id)
                ? system.Dispatchers.Lookup(id)
                : throw new AioConfigurationException(id, "is not a dispatcher");
        }
        catch (Exception e) when (e is not AioConfigurationException)
        {
            throw new AioConfigurationException(id, $"is not a dispatcher that can be made: {e.GetBaseException().Message}");
        }
    }

    // All or none.
    private (int Depth, Shard[] Shards) OpenShards(IIoEngine engine)
    {
        if (settings.Reap.Wait == AioSettings.ReapWait.Epoll && engine is PosixAioEngine)
        {
            throw new AioConfigurationException(
                $"{AioSettings.Path}.reap.wait",
                $"must be getevents with the engine {engine.Name}, whose completions cannot be waited for by epoll");
        }

        var depth = DepthBudget.Fit(settings, engine, log);
        var contexts = new List<IIoContext>();
        try
        {
            for (var i = 0; i < settings.Shards; i++)
            {
                contexts.Add(engine.CreateContext(depth));
            }
        }
        catch
        {
            Parallel.ForEach(contexts, context => context.Dispose()); // each takes some 30 ms
            throw;
        }

        var stuckAfter = _setup?.StuckAfter ?? StuckVisits.DefaultStuckAfter;
        return (depth, [.. contexts.Select((context, index) =>
        {
            var shard = new Shard(index, stuckAfter);
            shard.GiveFirstContext(context);
            return shard;
        })]);
    }
}
