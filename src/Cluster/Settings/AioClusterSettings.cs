using Akka.Configuration;

namespace AkkaAio.Cluster;

/// <summary><c>akka.io.aio.cluster</c>, read and checked. <c>config/reference-cluster.conf</c> says what each key means.</summary>
public sealed class AioClusterSettings
{
    /// <summary>The section.</summary>
    public const string Path = AioSettings.Path + ".cluster";

    // Below it the name of a file and the rest of a message would fill the frame; above it a chunk would not fit.
    private const int LeastTransfer = 4 << 10;
    private const int MostTransfer = Logs.LogFrame.MostPayload;

    // Each is a file in the folder, and a shard in sharding's coordinator.
    private const int MostShards = 10_000;

    private AioClusterSettings()
    {
    }

    /// <summary><c>storage</c> is shared.</summary>
    public required bool IsShared { get; init; }

    /// <summary><c>shards</c> of a shared folder.</summary>
    public required int Shards { get; init; }

    /// <summary><c>single-machine</c>.</summary>
    public required bool SingleMachine { get; init; }

    /// <summary><c>lease.retry</c>.</summary>
    public required TimeSpan LeaseRetry { get; init; }

    /// <summary><c>directories</c>.</summary>
    public required IReadOnlyList<string> Directories { get; init; }

    /// <summary><c>role</c>.</summary>
    public required string Role { get; init; }

    /// <summary><c>passivate-after</c>.</summary>
    public required TimeSpan PassivateAfter { get; init; }

    /// <summary><c>max-open-files</c>.</summary>
    public required int MaxOpenFiles { get; init; }

    /// <summary><c>max-transfer</c>, bytes.</summary>
    public required int MaxTransfer { get; init; }

    /// <summary><c>client-credit</c>, bytes.</summary>
    public required long ClientCredit { get; init; }

    /// <summary><c>min-free</c>, bytes.</summary>
    public required long MinFree { get; init; }

    /// <summary><c>call-timeout</c>.</summary>
    public required TimeSpan CallTimeout { get; init; }

    /// <summary><c>attempt-timeout</c>.</summary>
    public required TimeSpan AttemptTimeout { get; init; }

    /// <summary><c>retry</c>.</summary>
    public required TimeSpan Retry { get; init; }

    /// <summary><c>allow-plaintext</c>.</summary>
    public required bool AllowPlaintext { get; init; }

    /// <summary>The embedded <c>reference-cluster.conf</c>.</summary>
    public static Config DefaultConfig() =>
        ConfigurationFactory.FromResource("AkkaAio.Cluster.reference.conf", typeof(AioClusterSettings).Assembly);

    /// <summary>Reads and checks <c>akka.io.aio.cluster</c> of a configuration that has <see cref="DefaultConfig"/> below it.</summary>
    /// <exception cref="AioConfigurationException">A key is unknown, empty, of the wrong type or impossible; names it.</exception>
    public static AioClusterSettings Create(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        ConfigKeys.Check(config, DefaultConfig(), Path);
        var section = config.GetConfig(Path);
        var reader = new ConfigReader(section, Path);
        var directories = section.GetStringList("directories");
        if (directories.Any(string.IsNullOrWhiteSpace))
        {
            throw new AioConfigurationException($"{Path}.directories", "has an empty name in it");
        }

        if (directories.GroupBy(System.IO.Path.GetFullPath).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new AioConfigurationException($"{Path}.directories", $"names {twice.Key} twice");
        }

        return new AioClusterSettings
        {
            IsShared = reader.OneOf("storage", "local", "shared") == "shared",
            Shards = reader.Int("shards", 1, MostShards),
            SingleMachine = IsOn(reader, "single-machine"),
            LeaseRetry = reader.Time("lease.retry", TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
            Directories = [.. directories],
            Role = section.GetString("role"),
            PassivateAfter = reader.Time("passivate-after", TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(7)),
            MaxOpenFiles = reader.IntOrAuto("max-open-files", 1, 1 << 20, DescriptorLimit.HalfOfRest(most: 8192)),
            MaxTransfer = (int)reader.Bytes("max-transfer", LeastTransfer, MostTransfer),
            ClientCredit = reader.Bytes("client-credit", 64 << 10, 1L << 40),
            MinFree = reader.Bytes("min-free", 0, 1L << 50),
            CallTimeout = reader.Time("call-timeout", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            AttemptTimeout = reader.Time("attempt-timeout", TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(10)),
            Retry = reader.Time("retry", TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1)),
            AllowPlaintext = IsOn(reader, "allow-plaintext"),
        };
    }

    private static bool IsOn(ConfigReader reader, string key) => reader.OneOf(key, "on", "off", "true", "false") is "on" or "true";
}
