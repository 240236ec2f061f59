using Akka.Actor.Setup;
using AkkaAio.Interop.Engines;
using AkkaAio.Shards;

namespace AkkaAio;

/// <summary>Gives an actor system another engine than the configuration names. The package AkkaAio.TestKit makes one, for tests.</summary>
public sealed class AioSetup : Setup
{
    internal AioSetup(IIoEngine engine) => Engine = engine;

    internal AioSetup(Func<string, IIoEngine?> make) => Make = make;

    /// <summary>The engine; null: the configuration names it.</summary>
    internal IIoEngine? Engine { get; }

    /// <summary>Makes the engine that the configuration names; null for one that there is not.</summary>
    internal Func<string, IIoEngine?>? Make { get; }

    /// <summary>Told of each buffer of the system that was forgotten, as <see cref="AioBufferPool.Leaked"/>, beside the log.</summary>
    internal Action<int, object?>? Leaked { get; init; }

    /// <summary>How long an io_submit takes before another thread acts for the shard; infinite where one thread plays all parts.</summary>
    internal TimeSpan StuckAfter { get; init; } = StuckVisits.DefaultStuckAfter;
}
