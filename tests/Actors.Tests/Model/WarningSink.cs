using Akka.Actor;
using Akka.Event;

namespace AkkaAio.Tests.Model;

/// <summary>Hears the warnings of a system, and notes the files that stay longer than what was written to them.</summary>
internal sealed class WarningSink(ActorSystem system, Journal journal) : MinimalActorRef
{
    public override ActorPath Path { get; } = new RootActorPath(((ExtendedActorSystem)system).Provider.DefaultAddress) / "warnings";

    public override IActorRefProvider Provider => ((ExtendedActorSystem)system).Provider;

    protected override void TellInternal(object message, IActorRef sender)
    {
        const string Stays = " stays longer than what was written to it";
        if (message is Warning warning && warning.Message.ToString() is { } text &&
            text.IndexOf(Stays, StringComparison.Ordinal) is var at and > 0)
        {
            journal.TailStays(text[..at]);
        }
    }
}
