using Akka.Cluster.Sharding;
using Akka.Configuration;
using AkkaAio.Cluster;

namespace AkkaAio.Demo.Clustering;

/// <summary>What the keys of a node can be: those of the demo, of AkkaAio.Cluster, and of what it is built on.</summary>
internal static class ClusterKeys
{
    private const string Demo =
        """
        demo.log {
          console = text
          file = ""
        }
        """;

    /// <summary>The defaults of all of them.</summary>
    public static Config Defaults() =>
        ConfigurationFactory.ParseString(Demo)
            .WithFallback(AioClusterSettings.DefaultConfig())
            .WithFallback(AioSettings.DefaultConfig())
            .WithFallback(ClusterSharding.DefaultConfig())
            .WithFallback(
                ConfigurationFactory.FromResource("Akka.Cluster.Configuration.Cluster.conf", typeof(Akka.Cluster.Cluster).Assembly))
            .WithFallback(
                ConfigurationFactory.FromResource("Akka.Remote.Configuration.Remote.conf", typeof(Akka.Remote.RemoteSettings).Assembly))
            .WithFallback(ConfigurationFactory.Default());
}
