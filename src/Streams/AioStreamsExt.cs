using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.Streams;

/// <summary><c>akka.io.aio.streams</c> of an actor system, read and checked when its first stream starts.</summary>
internal sealed class AioStreamsExt : IExtension
{
    private const string Path = AioSettings.Path + ".streams";

    private long _reserved;

    private AioStreamsExt(ExtendedActorSystem system)
    {
        Aio = AioExt.Get(system);
        system.Settings.InjectTopLevelFallback(DefaultConfig());
        var config = system.Settings.Config;
        ConfigKeys.Check(config, DefaultConfig(), Path);
        var reader = new ConfigReader(config.GetConfig(Path), Path);
        ChunkSize = (int)reader.Bytes("chunk-size", 1, Limits.MostBlock);
        ReadSize = (int)reader.Bytes("read-size", 1, Limits.MostBlock);
        ReadAhead = reader.Bytes("read-ahead", 1, Limits.MostAhead);
        BlockSize = (int)reader.Bytes("block-size", 1, Limits.MostBlock);
        GrowAhead = reader.Bytes("grow-ahead", 0, Limits.MostAhead);
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

    public long ReadAhead { get; }

    public int BlockSize { get; }

    public long GrowAhead { get; }

    public int Window { get; }

    public AioFlushPolicy Flush { get; }

    public TimeSpan TailPoll { get; }

    /// <exception cref="AioConfigurationException">A key is unknown, empty, of the wrong type or impossible; names it.</exception>
    public static AioStreamsExt Get(ActorSystem system) => system.WithExtension<AioStreamsExt, Provider>();

    /// <summary>
    /// Half of the pool's memory is for what sources read ahead: otherwise the first ones take all of it, and sinks, the sources that start
    /// later and the application find none. False: not that much of it is left.
    /// </summary>
    public bool TryReserve(int bytes)
    {
        if (Interlocked.Add(ref _reserved, bytes) <= Aio.Pool.BudgetBytes / 2)
        {
            return true;
        }

        Release(bytes);
        return false;
    }

    /// <summary>Gives back what was reserved.</summary>
    public void Release(int bytes) => Interlocked.Add(ref _reserved, -bytes);

    private static Config DefaultConfig() =>
        ConfigurationFactory.FromResource("AkkaAio.Streams.reference.conf", typeof(AioStreamsExt).Assembly);

    private sealed class Provider : ExtensionIdProvider<AioStreamsExt>
    {
        public override AioStreamsExt CreateExtension(ExtendedActorSystem system) => new(system);
    }
}
