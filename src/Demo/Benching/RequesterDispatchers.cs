using Akka.Configuration;

namespace AkkaAio.Demo.Benching;

/// <summary>Where requesters can run. It matters: each reply that finds its requester asleep costs a wake-up of a thread.</summary>
internal static class RequesterDispatchers
{
    public const string Default = "thread-pool";

    /// <summary>The thread of a shard, in turn.</summary>
    public const string Shard = "shard";

    private const string Path = "bench-dispatchers";

    public static IReadOnlyList<string> Names { get; } = [Default, "fork-join", "pinned", "spinning", Shard];

    /// <summary>For the configuration.</summary>
    public static Config Config { get; } = ConfigurationFactory.ParseString(
        $$"""
        {{Path}} {
          thread-pool { type = Dispatcher, executor = thread-pool-executor, throughput = 256 }
          fork-join {
            type = ForkJoinDispatcher
            throughput = 256
            dedicated-thread-pool { thread-count = {{Environment.ProcessorCount}}, threadtype = background }
          }
          spinning {
            type = "AkkaAio.Dispatch.ThreadDispatcherConfigurator, AkkaAio"
            throughput = 256
            throughput-deadline-time = 0 ms
            spin = 0.2 ms
          }
          pinned { type = PinnedDispatcher, throughput = 256, throughput-deadline-time = 3650d }
        }
        """);

    /// <summary>The id of the default.</summary>
    public static string DefaultId => $"{Path}.{Default}";

    /// <summary>The id of the dispatcher of a requester.</summary>
    public static string IdOf(string name, AioExt aio, int requester) =>
        name == Shard ? aio.ShardDispatcher(requester % aio.Settings.Shards) : $"{Path}.{name}";
}
