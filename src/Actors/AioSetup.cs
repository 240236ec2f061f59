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

    /// <summary>Told, beside the log, of each buffer that was never disposed and that nobody refers to. Throws nothing.</summary>
    internal Action<string>? ForgottenBuffer { get; init; }

    /// <summary>Likewise of each file without an owner, before it is closed.</summary>
    internal Action<string>? ForgottenFile { get; init; }

    /// <summary>How long an io_submit takes before another thread acts for the shard; infinite where one thread plays all parts.</summary>
    internal TimeSpan StuckAfter { get; init; } = StuckVisits.DefaultStuckAfter;
}
