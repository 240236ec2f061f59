using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.Persistence.Store;

/// <summary>
/// The stores of an actor system, by the path of their configuration: a journal and a snapshot store share one, and its lock.
/// </summary>
internal sealed class AioStores : IExtension
{
    private readonly ConcurrentDictionary<string, AioStore> _stores = new();
    private readonly ExtendedActorSystem _system;

    private AioStores(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(DefaultConfig());
    }

    public static Config DefaultConfig() =>
        ConfigurationFactory.FromResource("AkkaAio.Persistence.reference.conf", typeof(AioStores).Assembly);

    public static AioStores Get(ActorSystem system) => system.WithExtension<AioStores, Provider>();

    /// <summary>
    /// The store of a configuration path, such as <c>akka.persistence.aio-store</c>. What is wrong there, its opening says.
    /// </summary>
    public AioStore Of(string path) =>
        _stores.GetOrAdd(path, key => new AioStore(_system, key, () => new AioStoreSettings(_system.Settings.Config, key)));

    /// <summary>The store of the plugin in a section.</summary>
    /// <param name="plugin">The section.</param>
    /// <param name="path">Of the section.</param>
    public AioStore Of(Config plugin, string path)
    {
        if (!plugin.HasPath("store"))
        {
            return Of("akka.persistence.aio-store");
        }

        var key = $"{path}.store";
        return plugin.GetValue("store") is { } store && store.IsString() && store.GetString() is { Length: > 0 } named
            ? Of(named)
            : new AioStore(
                _system, key, () => throw new AioConfigurationException(key, "it must be a section's path, as akka.persistence.aio-store"));
    }

    private sealed class Provider : ExtensionIdProvider<AioStores>
    {
        public override AioStores CreateExtension(ExtendedActorSystem system) => new(system);
    }
}
