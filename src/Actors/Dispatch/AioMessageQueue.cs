using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;
using Akka.Event;
using AkkaAio.Routing;
using AkkaAio.Telemetry;

namespace AkkaAio.Dispatch;

/// <summary>
/// An unbounded mailbox that loses nothing at its actor's end: a message that is told after it has been cleaned up becomes a dead letter,
/// as every other does, so that each command has its reply. It takes no PoisonPill, and an Identify is answered with a ref that cannot stop
/// the actor: the end of these actors is the system's. In a shard's stands nothing that Akka takes up without asking the actor, but for
/// Kill: a shard that sees a message waiting is called again.
/// </summary>
/// <remarks>
/// In Akka's own a message can be told to a queue that has just been cleaned up, and is seen by nobody. Here each message leaves by one
/// dequeue, of the actor, of the clean-up or of its teller, so none is lost and none is answered twice.
/// </remarks>
internal sealed class AioMessageQueue(IActorRef owner, ActorSystem system) : IMessageQueue, IUnboundedMessageQueueSemantics
{
    private readonly ConcurrentQueue<Envelope> _messages = new();
    private IMessageQueue? _deadLetters;

    public bool HasMessages => !_messages.IsEmpty;

    public int Count => _messages.Count;

    // A shard or a reaper that is killed is restarted by its supervisor. The manager's would stop it.
    private bool IsManager => owner.Path.Parent.Name == "system";

    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        LostMessages.CountDelivered();
        if (envelope.Message is PoisonPill || (envelope.Message is Kill && IsManager))
        {
            SafeLog.Publish(system.EventStream, new Warning(
                owner.Path.ToString(), typeof(AioMessageQueue),
                $"{envelope.Message} of {envelope.Sender} is refused: this actor ends with the actor system"));
            return;
        }

        if (envelope.Message is Identify identify)
        {
            var guarded = new GuardedRef(system, owner);
            envelope.Sender.Tell(new ActorIdentity(identify.MessageId, guarded), guarded);
            return;
        }

        if (envelope.Message is ActorSelectionMessage { Elements.Length: 0 } selected)
        {
            Enqueue(receiver, new Envelope(selected.Message, envelope.Sender));
            return;
        }

        if (envelope.Message is IAutoReceivedMessage and not Kill && !IsManager)
        {
            system.DeadLetters.Tell(envelope.Message, envelope.Sender);
            return;
        }

        _messages.Enqueue(envelope);
        if (Volatile.Read(ref _deadLetters) is { } deadLetters)
        {
            MoveTo(deadLetters);
        }
    }

    public bool TryDequeue(out Envelope envelope) => _messages.TryDequeue(out envelope);

    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        Volatile.Write(ref _deadLetters, deadletters);

        // Whoever has not seen that has enqueued before this, and it is moved here. In place of a barrier in each Enqueue.
        Interlocked.MemoryBarrierProcessWide();
        MoveTo(deadletters);
    }

    private void MoveTo(IMessageQueue deadLetters)
    {
        while (_messages.TryDequeue(out var envelope))
        {
            var delivered = LostMessages.Delivered;
            try
            {
                deadLetters.Enqueue(owner, envelope);
            }
            catch (Exception) when (LostMessages.Delivered == delivered) // of a subscriber to dead letters that was asked before ours
            {
                Answer(envelope);
            }
            catch (Exception)
            {
                // It is answered. The other messages have their replies to come.
            }
        }
    }

    private void Answer(in Envelope envelope)
    {
        try
        {
            if (system.TryGetExtension<AioExt>(out var aio))
            {
                aio.MissedInMailbox(envelope.Message, envelope.Sender);
            }
        }
        catch (Exception)
        {
            // The start of the extension has failed.
        }
    }
}
