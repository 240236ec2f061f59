using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using AkkaAio.Cluster.Disks;

namespace AkkaAio.Cluster;

/// <summary>
/// What a node needs before its actor system starts: its disks, locked, and the roles that say that it has them. A node without disks
/// needs none.
/// </summary>
/// <example><code>var system = ActorSystem.Create("files", AioClusterSetup.For(config));</code></example>
public sealed class AioClusterSetup : Setup
{
    private AioClusterSetup(IReadOnlyList<Disk> disks) => Disks = disks;

    internal IReadOnlyList<Disk> Disks { get; }

    /// <summary>
    /// Takes the folders of <c>akka.io.aio.cluster.directories</c> into use and adds their roles to <c>akka.cluster.roles</c>. They are
    /// given back when the system has terminated.
    /// </summary>
    /// <exception cref="AioConfigurationException">A key is wrong; names it.</exception>
    /// <exception cref="AioClusterException">A folder cannot be used; says why.</exception>
    public static ActorSystemSetup For(Config config) => For(config, isUnfenced: false);

    /// <summary>For tests, which show what shared folders are like without leases and locks.</summary>
    internal static ActorSystemSetup For(Config config, bool isUnfenced)
    {
        ArgumentNullException.ThrowIfNull(config);
        var whole = config.WithFallback(AioClusterSettings.DefaultConfig());
        var settings = AioClusterSettings.Create(whole);
        var disks = new List<Disk>();
        try
        {
            foreach (var directory in settings.Directories)
            {
                disks.Add(settings.IsShared ? OpenShared(settings, directory, isUnfenced) : LocalDisk.Open(directory));
            }

            if (disks.GroupBy(disk => disk.Id).FirstOrDefault(same => same.Count() > 1) is { } twice)
            {
                throw new AioClusterException(
                    $"{string.Join(" and ", twice.Select(disk => disk.Path))} are one disk, {twice.Key}: one is a copy of the other. " +
                    "Leave one out, or make it anew");
            }

            return ActorSystemSetup.Create(
                BootstrapSetup.Create().WithConfig(WithRoles(whole, settings, disks)), new AioClusterSetup(disks));
        }
        catch
        {
            disks.ForEach(disk => disk.Dispose());
            throw;
        }
    }

    /// <summary>Gives the folders back, where no actor system was made of the setup.</summary>
    internal void Release()
    {
        foreach (var disk in Disks)
        {
            disk.Dispose();
        }
    }

    private static SharedDisk OpenShared(AioClusterSettings settings, string directory, bool isUnfenced)
    {
        var disk = SharedDisk.Open(directory, settings.Shards, settings.SingleMachine);
        disk.IsUnfenced = isUnfenced;
        return disk;
    }

    private static Config WithRoles(Config config, AioClusterSettings settings, List<Disk> disks)
    {
        var roles = config.GetStringList("akka.cluster.roles").ToList();
        if (disks.Count > 0)
        {
            roles.Add(settings.Role);
            roles.AddRange(disks.Select(disk => disk.Role.ToString()));
        }

        return ConfigurationFactory
            .ParseString($"akka.cluster.roles = [{string.Join(", ", roles.Distinct().Select(role => $"\"{role}\""))}]")
            .WithFallback(config);
    }
}
