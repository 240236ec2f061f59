using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace AkkaAio.Dispatch;

/// <summary>The mailboxes of the manager, the shards and their reapers: <see cref="AioMessageQueue"/>.</summary>
internal sealed class AioMailbox(Settings settings, Config config)
    : MailboxType(settings, config), IProducesMessageQueue<AioMessageQueue>
{
    /// <summary>Its id. No key of <c>akka.io.aio</c>: there is nothing to choose.</summary>
    public const string Id = "akka.io.aio-mailbox";

    /// <summary>What makes the id known to Akka.</summary>
    public static Config ToConfig() =>
        ConfigurationFactory.ParseString($"{Id}.mailbox-type = \"{typeof(AioMailbox).AssemblyQualifiedName}\"");

    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new AioMessageQueue(owner, system);
}
