namespace AkkaAio.TestKit;

/// <summary>AkkaAio without a disk.</summary>
public static class InMemoryAio
{
    /// <summary>
    /// Part of an <see cref="Akka.Actor.Setup.ActorSystemSetup"/>: the files of the actor system live in memory, and end with it, whatever
    /// <c>akka.io.aio.engine</c> says.
    /// </summary>
    public static AioSetup CreateSetup() => new(new MemoryEngine());
}
