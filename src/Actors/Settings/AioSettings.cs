using Akka.Configuration;
using AkkaAio.Engines;

namespace AkkaAio;

/// <summary>What the shard of an operation is chosen by.</summary>
public enum AioShardBy
{
    /// <summary>The file's path.</summary>
    File,

    /// <summary>The file's path and the stripe that the operation starts in.</summary>
    Stripe,
}

/// <summary>
/// The configuration under <c>akka.io.aio</c>, checked. Each key is documented in <c>reference.conf</c>, the single source of defaults.
/// </summary>
public sealed record AioSettings
{
    /// <summary>The configuration's root.</summary>
    public const string Path = "akka.io.aio";

    private AioSettings()
    {
    }

    /// <summary>What <c>engine</c> takes.</summary>
    public static IReadOnlyList<string> EngineNames { get; } = [EngineChoice.Auto, .. EngineTable.Names];

    /// <summary><c>engine</c>: auto as it stands; what came of it is <see cref="AioExt.EngineName"/>.</summary>
    public required string Engine { get; init; }

    /// <summary><c>shards</c>, with auto resolved.</summary>
    public required int Shards { get; init; }

    /// <summary><c>shard-by</c>.</summary>
    public required AioShardBy ShardBy { get; init; }

    /// <summary><c>stripe-size</c>, bytes.</summary>
    public required long StripeSize { get; init; }

    /// <summary><c>depth</c>.</summary>
    public required int Depth { get; init; }

    /// <summary><c>max-queue-size</c>.</summary>
    public required int MaxQueueSize { get; init; }

    /// <summary><c>submit-batch-size</c>.</summary>
    public required int SubmitBatchSize { get; init; }

    /// <summary><c>submit-batch-min</c>.</summary>
    public required int SubmitBatchMin { get; init; }

    /// <summary><c>reap</c>.</summary>
    public required ReapSettings Reap { get; init; }

    /// <summary><c>slow-submit</c>.</summary>
    public required TimeSpan SlowSubmit { get; init; }

    /// <summary><c>aio-max-nr-share</c>.</summary>
    public required double AioMaxNrShare { get; init; }

    /// <summary><c>drain-timeout</c>.</summary>
    public required TimeSpan DrainTimeout { get; init; }

    /// <summary><c>buffer-pool.budget</c>, bytes, with auto resolved.</summary>
    public required long BufferBudget { get; init; }

    /// <summary><c>buffer-pool.memory-share</c>.</summary>
    public required double MemoryShare { get; init; }

    /// <summary><c>reap</c>: how io_getevents waits.</summary>
    /// <param name="MinNr"><c>min-nr</c>.</param>
    /// <param name="Nr"><c>nr</c>.</param>
    /// <param name="Timeout"><c>timeout</c>.</param>
    /// <param name="Poll"><c>poll</c>.</param>
    /// <param name="Wait"><c>wait</c>.</param>
    /// <param name="Thread"><c>thread</c>.</param>
    public sealed record ReapSettings(int MinNr, int Nr, TimeSpan Timeout, TimeSpan Poll, ReapWait Wait, ReapThread Thread);

    /// <summary>How completions are waited for.</summary>
    public enum ReapWait
    {
        /// <summary>By a thread for each shard, in io_getevents(2).</summary>
        GetEvents,

        /// <summary>By one thread for all shards, in epoll_wait(2).</summary>
        Epoll,
    }

    /// <summary>Which thread waits for completions, with <see cref="ReapWait.GetEvents"/>.</summary>
    public enum ReapThread
    {
        /// <summary>The shard's own thread, when it has nothing else to do; as Own where its dispatcher is of another type.</summary>
        Shard,

        /// <summary>A second thread for each shard.</summary>
        Own,
    }

    internal static string DispatcherId(string name) => $"{Path}.{name}-dispatcher";

    /// <summary>The embedded <c>reference.conf</c>.</summary>
    public static Config DefaultConfig() =>
        ConfigurationFactory.FromResource("AkkaAio.reference.conf", typeof(AioSettings).Assembly);

    /// <summary>Reads and checks <c>akka.io.aio</c> of a configuration that has <see cref="DefaultConfig"/> below it.</summary>
    /// <exception cref="AioConfigurationException">A key is unknown, empty, of the wrong type or impossible; names it.</exception>
    public static AioSettings Create(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        ConfigKeys.Check(config, DefaultConfig(), Path);
        var reader = new ConfigReader(config.GetConfig(Path), Path);
        var reap = new ReapSettings(
            MinNr: reader.Int("reap.min-nr", 0, 65536),
            Nr: reader.Int("reap.nr", 1, 65536),
            Timeout: reader.Time("reap.timeout", TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)),
            Poll: reader.Time("reap.poll", TimeSpan.Zero, TimeSpan.FromMilliseconds(100)),
            Wait: reader.OneOf("reap.wait", "getevents", "epoll") == "epoll" ? ReapWait.Epoll : ReapWait.GetEvents,
            Thread: reader.OneOf("reap.thread", "shard", "own") == "own" ? ReapThread.Own : ReapThread.Shard);
        if (reap.MinNr > reap.Nr)
        {
            throw new AioConfigurationException(
                $"{Path}.reap.min-nr",
                $"{reap.MinNr} is above {Path}.reap.nr = {reap.Nr}: io_getevents cannot wait for more completions than it may take out");
        }

        if (reap is { Wait: ReapWait.Epoll, MinNr: not 1 })
        {
            throw new AioConfigurationException(
                $"{Path}.reap.min-nr", $"must be 1 with {Path}.reap.wait = epoll, which wakes for each completion, and is {reap.MinNr}");
        }

        var memoryShare = reader.Fraction("buffer-pool.memory-share");
        return new AioSettings
        {
            Engine = reader.OneOf("engine", [.. EngineNames]),
            Shards = reader.IntOrAuto("shards", 1, 1024, Math.Clamp(Environment.ProcessorCount / 2, 1, 8)),
            ShardBy = reader.OneOf("shard-by", "file", "stripe") == "file" ? AioShardBy.File : AioShardBy.Stripe,
            StripeSize = reader.Bytes("stripe-size", 4096, 1L << 40),
            Depth = reader.Int("depth", 1, 65536),
            MaxQueueSize = reader.Int("max-queue-size", 1, 1 << 24),
            SubmitBatchSize = reader.Int("submit-batch-size", 1, 1024),
            SubmitBatchMin = reader.Int("submit-batch-min", 1, 1024),
            Reap = reap,
            SlowSubmit = reader.Time("slow-submit", TimeSpan.FromMilliseconds(0.01), TimeSpan.FromMinutes(1)),
            AioMaxNrShare = reader.Fraction("aio-max-nr-share"),
            DrainTimeout = reader.Time("drain-timeout", TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            BufferBudget = reader.BytesOrAuto("buffer-pool.budget", AioBuffer.Alignment, 1L << 50, MemoryBudget.Auto(memoryShare)),
            MemoryShare = memoryShare,
        };
    }
}
