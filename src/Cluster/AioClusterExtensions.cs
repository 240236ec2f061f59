using Akka.Actor;

namespace AkkaAio.Cluster;

/// <summary>The way to the extension.</summary>
public static class AioClusterExtensions
{
    /// <summary>The files of the cluster that a system is a member of.</summary>
    public static AioClusterExt AioCluster(this ActorSystem system) => AioClusterExt.Get(system);
}
