using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using AkkaAio.Cluster;

namespace AkkaAio.ClusterDriver;

/// <summary>Actor systems of one cluster, with nodes and without a disk.</summary>
internal static class Systems
{
    // A shared folder of one machine, whose leases are asked for often.
    private const string Shared =
        """
        akka.cluster.sharding { use-lease = akka.io.aio.cluster.lease, rebalance-interval = 2s, handoff-timeout = 10s }
        akka.io.aio.cluster { storage = shared, single-machine = on, shards = 30, lease.retry = 200ms }
        """;

    public static ActorSystem Start(string seeds, string host, int port, string? folder, params string[] hocon) =>
        Start(
            ConfigurationFactory.ParseString(string.Join('\n', hocon)).WithFallback(ConfigOf(seeds, host, port, folder)),
            isUnfenced: false);

    /// <summary>A node of storage shared.</summary>
    /// <param name="seeds">Of the cluster.</param>
    /// <param name="host">Its address.</param>
    /// <param name="port">Its port.</param>
    /// <param name="folder">The folder of all nodes.</param>
    /// <param name="isUnfenced">It has no leases and locks: the check must see what comes of it.</param>
    /// <param name="hocon">More configuration.</param>
    public static ActorSystem StartShared(string seeds, string host, int port, string folder, bool isUnfenced, string hocon) =>
        Start(ConfigurationFactory.ParseString(hocon).WithFallback(Shared).WithFallback(ConfigOf(seeds, host, port, folder)), isUnfenced);

    private static ActorSystem Start(Config config, bool isUnfenced)
    {
        var system = ActorSystem.Create("files", AioClusterSetup.For(config, isUnfenced));
        _ = AioClusterExt.Get(system);
        return system;
    }

    public static async Task AwaitUpAsync(ActorSystem system, TimeSpan time)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Akka.Cluster.Cluster.Get(system).RegisterOnMemberUp(() => up.TrySetResult());
        await up.Task.WaitAsync(time);
    }

    public static Task LeaveAsync(ActorSystem system) =>
        CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance);

    // Fast enough for a test, with the proportions that a user would choose. Only nodes with disks count for the majority.
    private static Config ConfigOf(string seeds, string host, int port, string? folder) => ConfigurationFactory.ParseString(
        $$"""
        akka {
          loglevel = ERROR
          log-dead-letters = off
          actor.provider = cluster
          remote.dot-netty.tcp { hostname = "{{host}}", port = {{port.ToString(CultureInfo.InvariantCulture)}} }
          cluster {
            seed-nodes = [{{string.Join(", ", seeds.Split(',').Select(seed => $"\"akka.tcp://files@{seed}\""))}}]
            seed-node-timeout = 2s
            retry-unsuccessful-join-after = 1s
            gossip-interval = 200 ms
            leader-actions-interval = 200 ms
            downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
            split-brain-resolver { active-strategy = keep-majority, keep-majority.role = aio, stable-after = 3s }
            failure-detector {
              implementation-class = "AkkaAio.ClusterDriver.HeartbeatGaps, AkkaAio.ClusterDriver"
              heartbeat-interval = 500 ms, acceptable-heartbeat-pause = 2s
            }
            sharding {
              state-store-mode = ddata, distributed-data.durable.keys = [], remember-entities = off, retry-interval = 200 ms
              distributed-data.notify-subscribers-interval = 100 ms
            }
          }
          io.aio { shards = 1, depth = 64 }
          io.aio.cluster { allow-plaintext = on, min-free = 1 MiB, directories = [{{(folder is null ? "" : $"\"{folder}\"")}}] }
        }
        """);
}
