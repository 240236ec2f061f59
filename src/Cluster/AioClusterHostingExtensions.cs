using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;

namespace AkkaAio.Cluster;

/// <summary>Files of the cluster in a host's actor system.</summary>
public static class AioClusterHostingExtensions
{
    /// <summary>
    /// Takes this node's folders into use, gives the node their roles, and starts the <see cref="AioClusterExt"/> with the actor system.
    /// All other keys are HOCON, under <c>akka.io.aio.cluster</c>.
    /// </summary>
    /// <param name="akka">The builder.</param>
    /// <param name="directories">
    /// The folders. None: those of <c>akka.io.aio.cluster.directories</c>; without any there either, the node is a client.
    /// </param>
    /// <remarks>
    /// Call it behind everything that configures the cluster (<c>AddHocon</c>, <c>WithRemoting</c>, <c>WithClustering</c>), whose roles it
    /// adds to, and before <c>WithActors</c>. The folders are given back when the actor system has terminated.
    /// </remarks>
    /// <exception cref="AioConfigurationException">A key is wrong; names it. The host does not start.</exception>
    /// <exception cref="AioClusterException">A folder cannot be used; says why, and what to do. The host does not start.</exception>
    public static AkkaConfigurationBuilder WithAioCluster(this AkkaConfigurationBuilder akka, params string[] directories)
    {
        ArgumentNullException.ThrowIfNull(akka);
        ArgumentNullException.ThrowIfNull(directories);
        if (directories.Length > 0)
        {
            var quoted = directories.Select(directory => $"\"{directory.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"");
            akka.AddHocon($"{AioClusterSettings.Path}.directories = [{string.Join(", ", quoted)}]", HoconAddMode.Prepend);
        }

        var setup = AioClusterSetup.For(akka.Configuration.GetOrElse(Config.Empty));
        akka.AddSetup(setup.Get<BootstrapSetup>().Value);
        akka.AddSetup(setup.Get<AioClusterSetup>().Value);
        return akka.StartActors((system, _) =>
        {
            AioClusterExt.Get(system); // its errors are the host's
        });
    }
}
