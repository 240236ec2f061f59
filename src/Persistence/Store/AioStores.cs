using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.Persistence.Store;

/// <summary>
/// The stores of an actor system, by the path of their configuration: a journal and a snapshot store share one, and its lock.
/// </summary>
internal sealed class AioStores : IExtension
{
    private readonly ConcurrentDictionary<string, Lazy<AioStore>> _stores = new();
    private readonly ExtendedActorSystem _system;

    private AioStores(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(DefaultConfig());
        _ = AioExt.Get(system);
    }

    public static Config DefaultConfig() =>
        ConfigurationFactory.FromResource("AkkaAio.Persistence.reference.conf", typeof(AioStores).Assembly);

    public static AioStores Get(ActorSystem system) => system.WithExtension<AioStores, Provider>();

    /// <summary>The store of a configuration path, such as <c>akka.persistence.aio-store</c>.</summary>
    /// <exception cref="AioConfigurationException">A key is missing or impossible.</exception>
    public AioStore Of(string path) => _stores.GetOrAdd(path, key => new Lazy<AioStore>(() => new AioStore(_system, key))).Value;

    private sealed class Provider : ExtensionIdProvider<AioStores>
    {
        public override AioStores CreateExtension(ExtendedActorSystem system) => new(system);
    }
}
