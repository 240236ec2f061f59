using Akka.Actor.Setup;
using AkkaAio.Interop.Engines;
using AkkaAio.Shards;

namespace AkkaAio;

/// <summary>
/// Gives an actor system an engine of your own, whatever the configuration says: in tests a
/// <see cref="Interop.Engines.Memory.MemoryEngine"/> with scripted faults.
/// </summary>
/// <param name="engine">The engine.</param>
public sealed class AioSetup(IIoEngine engine) : Setup
{
    /// <summary>The engine.</summary>
    public IIoEngine Engine { get; } = engine ?? throw new ArgumentNullException(nameof(engine));

    /// <summary>How long an io_submit takes before another thread acts for the shard; infinite where one thread plays all parts.</summary>
    internal TimeSpan StuckAfter { get; init; } = StuckVisits.DefaultStuckAfter;
}
