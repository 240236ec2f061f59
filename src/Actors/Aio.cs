using Akka.Actor;

namespace AkkaAio;

/// <summary>
/// Asynchronous disk I/O as messages: tell a file <see cref="RentRead"/>, <see cref="Write"/> or <see cref="Flush"/>, and the completion
/// comes back as a message. This type holds the whole protocol: commands in <c>AioCommands.cs</c>, events in <c>AioEvents.cs</c>.
/// </summary>
/// <remarks>
/// <para>Every command gets exactly one reply: its event, or <see cref="CommandFailed"/>. Commands in flight have no order among
/// themselves, as io_submit(2) gives none, and neither have their replies. For an order, wait for the reply or tell a barrier
/// (<see cref="Flush"/>, <see cref="SetLength"/>, <see cref="Allocate"/>, <see cref="Close"/>).</para>
/// <para>The messages are local: native memory never crosses a process.</para>
/// <para>The way of a read: <c>AioRef</c>, <c>ShardActor</c>, <c>Admission</c>, <c>ShardLoop</c>, <c>SubmitQueue</c>, the engine
/// (<c>LinuxAioContext</c>), <c>Settlement</c>, <c>ReplyList</c>.</para>
/// </remarks>
public sealed partial class Aio : ExtensionIdProvider<AioExt>
{
    /// <summary>The extension's id.</summary>
    public static Aio Instance { get; } = new();

    /// <inheritdoc/>
    public override AioExt CreateExtension(ExtendedActorSystem system) => new(system);

    /// <summary>Everything that AkkaAio sends or takes. Local: native memory never crosses a process.</summary>
    public abstract class Message : INoSerializationVerificationNeeded
    {
        private protected Message()
        {
        }
    }
}

/// <summary>Where user code starts.</summary>
public static class AioExtensions
{
    /// <summary>
    /// The ref to tell commands to. A command for a file goes to the file's shard straight from the caller's thread; everything else
    /// goes to the manager behind the ref.
    /// </summary>
    /// <exception cref="AioConfigurationException">The configuration is wrong; names the key.</exception>
    /// <exception cref="AioContextException">The kernel gives no context; says what to change.</exception>
    public static IActorRef Aio(this ActorSystem system) => AioExt.Get(system).Ref;
}
