using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.Persistence.Tests.Actors;

/// <summary>
/// A persistent actor that does what a command says, and tells an observer what comes of it: events that its handlers get as "event", those
/// that a recovery gives it as "recovered event", and the rest as itself.
/// </summary>
internal sealed class Teller(string id, IActorRef observer) : UntypedPersistentActor
{
    public override string PersistenceId => id;

    /// <summary>Runs in the actor.</summary>
    public sealed record Do(Action<Teller> Action);

    public void Tell(object message) => observer.Tell(message, Self);

    protected override void OnCommand(object message)
    {
        if (message is Do command)
        {
            command.Action(this);
        }
    }

    protected override void OnRecover(object message) => Tell(message is RecoveryCompleted ? message : $"recovered {message}");

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Tell(new Failed(cause, @event, sequenceNr));

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Tell(new Rejected(cause, @event, sequenceNr));

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => Tell(new NotRecovered(reason));

    public sealed record Failed(Exception Cause, object Event, long SequenceNr);

    public sealed record Rejected(Exception Cause, object Event, long SequenceNr);

    public sealed record NotRecovered(Exception Cause);
}
