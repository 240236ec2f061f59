using Akka.Actor;

namespace AkkaAio.Cluster;

/// <summary>
/// Makes the extension; its name goes into <c>akka.extensions</c> of a node that has disks, so that they are served from the start:
/// <c>akka.extensions = ["AkkaAio.Cluster.AioClusterProvider, AkkaAio.Cluster"]</c>.
/// </summary>
public sealed class AioClusterProvider : ExtensionIdProvider<AioClusterExt>
{
    /// <inheritdoc/>
    public override AioClusterExt CreateExtension(ExtendedActorSystem system) => new(system);
}
