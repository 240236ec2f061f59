using Akka.Actor;
using Akka.Event;
using AkkaAio.Tests.Model.Stepping;
using AkkaAio.Tests.Support;

namespace AkkaAio.Tests.Model;

/// <summary>
/// A requester that tells commands and notes each reply on the thread that gives it. Some cause trouble for the replying thread.
/// </summary>
internal sealed class Requester(ActorSystem system, Journal journal, Stepper? stepper, int number, bool throws) : MinimalActorRef
{
    private readonly AioExt _aio = AioExt.Get(system);
    private bool _dead;

    public override ActorPath Path { get; } = new RootActorPath(system.Provider().DefaultAddress()) / $"requester-{number}";

    public override IActorRefProvider Provider => system.Provider();

    /// <summary>From now on replies to it are dead letters, as an actor's that has stopped.</summary>
    public void Die() => Volatile.Write(ref _dead, true);

    protected override void TellInternal(object message, IActorRef sender)
    {
        var dead = Volatile.Read(ref _dead);
        try
        {
            var reply = (Aio.Event)message;
            journal.Answered(reply, takes: !dead);
            if (reply.Command is Aio.FileCommand && !journal.SystemEnds && !_aio.Shards.Any(shard => shard.Ref.Equals(sender)))
            {
                throw new InvalidOperationException($"a reply of {sender}, which is no shard");
            }
        }
        catch (Exception e)
        {
            journal.Violation(e); // otherwise the replying thread would swallow it
        }

        stepper?.Progress();
        stepper?.Yield();
        if (dead)
        {
            system.EventStream.Publish(new DeadLetter(message, sender, this));
        }
        else if (throws)
        {
            throw new InvalidOperationException("a requester that throws, on schedule");
        }
    }
}
