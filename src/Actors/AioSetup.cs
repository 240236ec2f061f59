using Akka.Actor.Setup;
using AkkaAio.Interop.Engines;

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
}
