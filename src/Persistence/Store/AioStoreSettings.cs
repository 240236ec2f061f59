using Akka.Configuration;

namespace AkkaAio.Persistence.Store;

/// <summary><c>akka.persistence.aio-store</c>, or another section of the same keys.</summary>
internal sealed class AioStoreSettings
{
    private static readonly Config Defaults = AioStores.DefaultConfig().GetConfig("akka.persistence.aio-store");

    /// <exception cref="AioConfigurationException">A key is missing or impossible.</exception>
    public AioStoreSettings(Config config, string path)
    {
        if (config.HasPath(path) && !config.GetValue(path).IsObject())
        {
            throw new AioConfigurationException(path, "it is no section; write its keys in braces, dir at least");
        }

        var section = (config.GetConfig(path) ?? Config.Empty).WithFallback(Defaults);
        var reader = new ConfigReader(section, path);
        Folder = section.GetString("dir", "");
        if (Folder.Length == 0)
        {
            throw new AioConfigurationException($"{path}.dir", "it is not set; name the folder that the store is kept in, on a local disk");
        }

        Log = new AioLogSettings
        {
            SegmentSize = reader.Bytes("segment-size", 1 << 20, 64L << 30),
            BufferSize = (int)reader.Bytes("write.buffer", 64 << 10, 64 << 20),
            Pipeline = reader.Int("write.pipeline", 1, 16),
            PipelineFrom = reader.Time("write.pipeline-from", TimeSpan.Zero, TimeSpan.FromSeconds(1)),
            MaxAppend = (int)reader.Bytes("write.max-atomic-write", 1 << 10, 64 << 20),
            Durability = reader.OneOf("write.durability", "dsync", "none") == "dsync" ? AioDurability.Dsync : AioDurability.None,
            ZeroRate = reader.Bytes("zero-rate", 0, long.MaxValue),
        };
        ReadCache = reader.Bytes("read.cache", 0, 1L << 40);
        ReadsBesideCommits = (int)reader.Bytes("read.in-flight", 4 << 10, 1 << 30);
        ReplayWindow = reader.Int("read.replay-window", 1, int.MaxValue);
        ParallelReplays = reader.Int("read.parallel-replays", 1, 1024);
    }

    public string Folder { get; }

    public AioLogSettings Log { get; }

    public long ReadCache { get; }

    public int ReadsBesideCommits { get; }

    public int ReplayWindow { get; }

    public int ParallelReplays { get; }
}
