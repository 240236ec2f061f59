using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using AkkaAio.Cluster;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Configuration;
using AkkaCluster = Akka.Cluster.Cluster;

namespace AkkaAio.Demo.Clustering;

/// <summary>A member of the cluster without disks, for as long as a verb runs.</summary>
internal sealed class ClusterClient : IAsyncDisposable
{
    private const string Tcp = "akka.remote.dot-netty.tcp";

    // A client is gone soon: its shutdown must not hold up the verb, nor wait for a cluster that is away.
    private const string Defaults =
        """
        akka {
          actor {
            provider = cluster
            serializers.json = "AkkaAio.Cluster.Protocol.RefusingSerializer, AkkaAio.Cluster"
            serialization-settings.allow-unregistered-types = false
          }
          remote.dot-netty.tcp.port = 0
          cluster {
            downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
            split-brain-resolver { active-strategy = keep-majority, stable-after = 3s, keep-majority.role = aio }
            failure-detector { heartbeat-interval = 500 ms, acceptable-heartbeat-pause = 2s }
            gossip-interval = 200 ms
            seed-node-timeout = 2s
            sharding { state-store-mode = ddata, distributed-data.durable.keys = [], remember-entities = off, retry-interval = 200 ms }
          }
          io.aio { shards = 1, depth = 1 }
          coordinated-shutdown {
            exit-clr = off
            phases {
              cluster-leave.timeout = 1s
              cluster-exiting.timeout = 1s
              cluster-exiting-done.timeout = 1s
              cluster-shutdown.timeout = 1s
              cluster-sharding-shutdown-region.timeout = 1s
            }
          }
        }
        """;

    private readonly ActorSystem _system;

    private ClusterClient(ActorSystem system)
    {
        _system = system;
        Files = AioClusterExt.Get(system);
        Cluster = AkkaCluster.Get(system);
    }

    public AioClusterExt Files { get; }

    public AkkaCluster Cluster { get; }

    /// <summary>Joins through a node.</summary>
    /// <param name="configFile">The file of <c>--config</c>: a node's own will do, for its TLS say.</param>
    /// <param name="seed">HOST:PORT.</param>
    /// <param name="wait">How long to wait for the cluster, and for each call.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="DemoException">There is no cluster at the seed.</exception>
    public static async Task<ClusterClient> JoinAsync(string? configFile, string seed, TimeSpan wait, CancellationToken stop)
    {
        var (host, port) = HostAndPort(seed);
        var keys = ClusterKeys.Defaults();
        var file = NodeConfig.Over(EnvironmentKeys.Read(), DemoConfig.ReadFile(configFile, keys));
        var defaults = ConfigurationFactory.ParseString(Defaults)
            .WithFallback(ConfigurationFactory.ParseString($"{Tcp}.hostname = {HoconString.Quote(LocalAddress(host, port))}"));
        var below = DemoConfig.Layer(Config.Empty, file, defaults);
        var protocol = below.GetBoolean($"{Tcp}.enable-ssl") ? "akka.ssl.tcp" : "akka.tcp";
        var logLevel = Environment.GetEnvironmentVariable("AKKA__LOGLEVEL") is { Length: > 0 } level ? HoconString.Quote(level) : "OFF";
        var config = ConfigurationFactory.ParseString(
            $$"""
            {{Tcp}}.port = 0
            akka {
              loggers = ["AkkaAio.Demo.Logging.SerilogLogger, AkkaAio.Demo"]
              loglevel = {{logLevel}}
              stdout-loglevel = OFF
              cluster {
                roles = ["aio-client"]
                seed-nodes = [{{HoconString.Quote($"{protocol}://{NodeConfig.SystemName}@{host}:{port}")}}]
                shutdown-after-unsuccessful-join-seed-nodes = off
              }
              coordinated-shutdown.run-by-clr-shutdown-hook = off
              io.aio.cluster {
                directories = []
                call-timeout = {{(long)wait.TotalMilliseconds}} ms
                attempt-timeout = {{(long)Math.Min(wait.TotalMilliseconds, 2000)}} ms
              }
            }
            """).WithFallback(below);
        var system = ActorSystem.Create(NodeConfig.SystemName, AioClusterSetup.For(config));
        try
        {
            var client = new ClusterClient(system);
            var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            client.Cluster.RegisterOnMemberUp(() => up.TrySetResult());
            await up.Task.WaitAsync(wait, stop);
            return client;
        }
        catch (Exception e)
        {
            await system.Terminate();
            throw e is TimeoutException
                ? new DemoException(
                    $"no node of a cluster answers at {host}:{port} within {wait.TotalSeconds:0.#} s; --seed HOST:PORT names one")
                : e;
        }
    }

    /// <summary>Leaves the cluster, in a second or two at most.</summary>
    public async ValueTask DisposeAsync()
    {
        await CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
        await _system.Terminate();
    }

    private static (string Host, int Port) HostAndPort(string seed)
    {
        var colon = seed.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(seed.AsSpan(colon + 1), out var port) && port > 0
            ? (seed[..colon], port)
            : throw new UsageException($"--seed takes HOST:PORT, such as 127.0.0.1:4053, not \"{seed}\"");
    }

    // The address by which this machine reaches the seed: the cluster has to reach the client too.
    private static string LocalAddress(string host, int port)
    {
        try
        {
            using var socket = new Socket(SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(host, port);
            var address = ((IPEndPoint)socket.LocalEndPoint!).Address;
            return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
        }
        catch (SocketException e)
        {
            throw new DemoException($"{host}:{port}: {e.Message}");
        }
    }
}
