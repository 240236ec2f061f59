using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.Streams;

/// <summary><c>akka.io.aio.streams</c> of an actor system, read and checked when its first stream starts.</summary>
internal sealed class AioStreamsExt : IExtension
{
    private const string Path = AioSettings.Path + ".streams";

    private AioStreamsExt(ExtendedActorSystem system)
    {
        Aio = AioExt.Get(system);
        system.Settings.InjectTopLevelFallback(DefaultConfig());
        var config = system.Settings.Config;
        ConfigKeys.Check(config, DefaultConfig(), Path);
        var reader = new ConfigReader(config.GetConfig(Path), Path);
        ChunkSize = (int)reader.Bytes("chunk-size", 1, Limits.MostBlock);
        ReadSize = (int)reader.Bytes("read-size", 1, Limits.MostBlock);
        ReadAhead = reader.Int("read-ahead", 1, Limits.MostWindow);
        BlockSize = (int)reader.Bytes("block-size", 1, Limits.MostBlock);
        GrowAhead = reader.Bytes("grow-ahead", 0, Limits.MostGrowAhead);
        Window = reader.Int("window", 1, Limits.MostWindow);
        TailPoll = reader.Time("tail.poll", TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
        Flush = reader.OneOf("flush", "never", "on-complete", "each-element") switch
        {
            "never" => AioFlushPolicy.Never,
            "on-complete" => AioFlushPolicy.OnComplete,
            _ => AioFlushPolicy.EachElement,
        };
    }

    public AioExt Aio { get; }

    public int ChunkSize { get; }

    public int ReadSize { get; }

    public int ReadAhead { get; }

    public int BlockSize { get; }

    public long GrowAhead { get; }

    public int Window { get; }

    public AioFlushPolicy Flush { get; }

    public TimeSpan TailPoll { get; }

    /// <exception cref="AioConfigurationException">A key is unknown, empty, of the wrong type or impossible; names it.</exception>
    public static AioStreamsExt Get(ActorSystem system) => system.WithExtension<AioStreamsExt, Provider>();

    private static Config DefaultConfig() =>
        ConfigurationFactory.FromResource("AkkaAio.Streams.reference.conf", typeof(AioStreamsExt).Assembly);

    private sealed class Provider : ExtensionIdProvider<AioStreamsExt>
    {
        public override AioStreamsExt CreateExtension(ExtendedActorSystem system) => new(system);
    }
}
