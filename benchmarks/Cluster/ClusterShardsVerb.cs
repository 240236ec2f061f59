using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using AkkaAio.Cluster;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Benchmarks.Cluster;

/// <summary>
/// What a shard costs: its allocation by the coordinator, and what it holds. In one process, with an entity that does nothing.
/// </summary>
internal static class ClusterShardsVerb
{
    public static Command Create(StopSignals stop)
    {
        var shards = new Option<int[]>("--shards")
        {
            Description = "how many",
            DefaultValueFactory = _ => [10, 1_000, 100_000],
            AllowMultipleArgumentsPerToken = true,
        };
        var limit = new Option<int>("--limit") { Description = "seconds for each", DefaultValueFactory = _ => 300 };
        var command = new Command("cluster-shards", "Time and memory of allocating shards in one process.") { shards, limit };
        command.SetAction((parsed, _) => DemoCommand.RunVerbAsync("cluster-shards", stop, async token =>
        {
            foreach (var count in parsed.GetValue(shards)!)
            {
                await RunAsync(count, TimeSpan.FromSeconds(parsed.GetValue(limit)), token);
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    private static async Task RunAsync(int count, TimeSpan limit, CancellationToken token)
    {
        var system = ActorSystem.Create("shards", ConfigurationFactory.ParseString(
            """
            akka {
              loglevel = ERROR
              log-dead-letters = off
              actor.provider = cluster
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
              cluster {
                downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
                sharding {
                  state-store-mode = ddata, distributed-data.durable.keys = [], remember-entities = off
                  passivate-idle-entity-after = off
                }
              }
            }
            """).WithFallback(AioClusterSettings.DefaultConfig()));
        try
        {
            var cluster = Akka.Cluster.Cluster.Get(system);
            await cluster.JoinAsync(cluster.SelfAddress, token);
            var region = await ClusterSharding.Get(system).StartAsync(
                    "probe", _ => Props.Create(() => new Echo()), ClusterShardingSettings.Create(system), new OneEach())
                .WaitAsync(limit, token);
            await region.Ask<int>(-1, limit, token); // the coordinator has started
            var before = Memory();
            var start = Stopwatch.GetTimestamp();
            var first = Task.WhenAll(Enumerable.Range(0, count).Select(shard => region.Ask<int>(shard, limit)));
            var done = await Task.WhenAny(first, Task.Delay(limit, token)) == first && first.IsCompletedSuccessfully;
            var time = Stopwatch.GetElapsedTime(start);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{count} shards: {(done ? "" : "not done in ")}{time.TotalSeconds:F2} s, {time.TotalMilliseconds / count:F2} ms each, " +
                $"{(Memory() - before) / 1024.0 / count:F1} KiB each"));
        }
        finally
        {
            await Task.WhenAny(system.Terminate(), Task.Delay(limit, CancellationToken.None)); // then it ends with the process
        }
    }

    private static long Memory() => GC.GetTotalMemory(forceFullCollection: true);

    private sealed class Echo : ReceiveActor
    {
        public Echo() => Receive<int>(number => Sender.Tell(number));
    }

    private sealed class OneEach : IMessageExtractor
    {
        public string EntityId(object message) => ((int)message).ToString(CultureInfo.InvariantCulture);

        public object EntityMessage(object message) => message;

        public string ShardId(object message) => EntityId(message);

        public string ShardId(string entityId, object? messageHint = null) => entityId;
    }
}
