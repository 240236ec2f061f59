using System.Net;
using Akka.Configuration;

namespace AkkaAio.Cluster;

/// <summary>Refuses a configuration that would corrupt files, or let other hosts change them.</summary>
internal static class StartChecks
{
    private const string Remote = "akka.remote.dot-netty.tcp";

    // What sharding's coordinator writes for each shard, as one message with all of them: 105 bytes were measured with IPv4 addresses. A
    // state that does not fit into a frame is never written, and no shard is allocated.
    private const int StateOfShard = 120;

    private const string InMemoryJournal = "akka.persistence.journal.inmem";

    /// <exception cref="AioClusterException">Says which key, and what to set.</exception>
    public static void Check(Config config, AioClusterSettings settings)
    {
        Require(
            config.GetString("akka.actor.provider") is "cluster" or "Akka.Cluster.ClusterActorRefProvider, Akka.Cluster",
            "akka.actor.provider is not cluster: set akka.actor.provider = cluster");
        var store = config.GetString("akka.cluster.sharding.state-store-mode");
        var journal = config.GetString("akka.cluster.sharding.journal-plugin-id") is { Length: > 0 } named
            ? named
            : config.GetString("akka.persistence.journal.plugin");
        Require(
            store != "persistence" || journal is not (null or "" or InMemoryJournal),
            "akka.cluster.sharding.state-store-mode = persistence on the in-memory journal: " +
            "a new coordinator would know of no shard and give files two owners; set akka.cluster.sharding.state-store-mode = ddata");
        Require(
            !config.GetBoolean("akka.cluster.sharding.remember-entities"),
            "akka.cluster.sharding.remember-entities = on would open every file at the start; files are opened by their first request: " +
            "set it off");
        Require(
            store != "ddata" || config.GetStringList("akka.cluster.sharding.distributed-data.durable.keys").Count == 0,
            "akka.cluster.sharding.distributed-data.durable.keys is not empty: it needs LightningDB, and nothing of ours is kept there; " +
            "set it to []");
        Require(
            config.GetString("akka.cluster.downing-provider-class") is { Length: > 0 } downing &&
            !downing.StartsWith("Akka.Cluster.NoDowning", StringComparison.Ordinal) &&
            !downing.StartsWith("Akka.Cluster.AutoDowning", StringComparison.Ordinal),
            "akka.cluster.downing-provider-class names none that resolves a split: nodes that are cut off would each go on alone; set " +
            "\"Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster\"");
        if (settings.IsShared && settings.Directories.Count > 0)
        {
            CheckLease(config);
        }

        CheckNetwork(config, settings);
    }

    private static void CheckLease(Config config)
    {
        const string Key = "akka.cluster.sharding.use-lease";
        var path = config.GetString(Key);
        var lease = $"{AioClusterSettings.Path}.lease";
        Require(
            !string.IsNullOrEmpty(path),
            $"{AioClusterSettings.Path}.storage = shared without a lease: a node that was frozen would go on writing beside its " +
            $"successor; set {Key} = {lease}");
        Require(
            config.GetString($"{path}.lease-class") is { } name && Type.GetType(name) == typeof(AioFileLease),
            $"{Key} = {path}, whose lease-class is no {nameof(AioFileLease)}: a lease with a time-out does not keep a node that was " +
            $"frozen from writing, and files' epochs are in our leases; set {Key} = {lease}");
    }

    private static void CheckNetwork(Config config, AioClusterSettings settings)
    {
        var tls = config.GetBoolean($"{Remote}.enable-ssl") && !config.GetBoolean($"{Remote}.ssl.suppress-validation") &&
                  config.GetBoolean($"{Remote}.ssl.require-mutual-authentication", true);
        foreach (var key in new[] { "hostname", "public-hostname", "bind-hostname" })
        {
            var host = config.GetString($"{Remote}.{key}");
            Require(
                tls || settings.AllowPlaintext || (string.IsNullOrEmpty(host) && key != "hostname") || host == "localhost" ||
                (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)),
                $"{Remote}.{key} = \"{host}\" without mutual TLS: any host that reaches the port can send to every actor. " +
                $"Use config/node-tls.conf, or set {AioClusterSettings.Path}.allow-plaintext = on");
        }

        CheckFrame(config, settings);
    }

    private static void CheckFrame(Config config, AioClusterSettings settings)
    {
        var transfer = settings.MaxTransfer;
        var frame = config.GetByteSize($"{Remote}.maximum-frame-size", 128_000) ?? 128_000;
        Require(
            transfer + (8 << 10) <= frame,
            $"{AioClusterSettings.Path}.max-transfer = {transfer} bytes does not fit into {Remote}.maximum-frame-size = {frame} bytes, " +
            "which has to hold 8 KiB more");
        Require(
            !settings.IsShared || settings.Shards * StateOfShard + (8 << 10) <= frame,
            $"{AioClusterSettings.Path}.shards = {settings.Shards}: the coordinator's state, {StateOfShard} bytes a shard, " +
            $"does not fit into {Remote}.maximum-frame-size = {frame} bytes, and none would be allocated. " +
            "Make the frame larger on all nodes, or use fewer shards");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new AioClusterException(otherwise);
        }
    }
}
