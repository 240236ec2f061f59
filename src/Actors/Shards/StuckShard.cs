using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// What a visitor does, another thread, while the shard's own is stuck inside io_submit (<see cref="SubmitGate"/>). It has the shard's
/// state to itself until it gives it back. Nothing is submitted. Operations on the device that the thread is stuck with are accepted and
/// wait; those on other devices are done by blocking threads. Cancel, barriers and the end go on.
/// </summary>
internal sealed class StuckShard(AioExt aio, ShardLoop loop)
{
    private readonly Shard _shard = loop.Shard;

    // For which io_submit the queue has been looked through; or it must be, because a slot was missing.
    private long _lookedThroughFor;

    /// <summary>The queue must be looked through once more.</summary>
    public void QueueHasChanged() => _lookedThroughFor = -1;

    /// <summary>Takes up the messages that are waiting, and answers what has been done. Throws nothing: it runs on a pool thread.</summary>
    public void Act() => Guarded(() =>
    {
        TakeUpMessages();
        loop.ReapAll();
        loop.Turn();
    });

    /// <summary>
    /// Ends the shard without its thread: answers everything, and tells the manager that the actor has terminated, which Akka would do only
    /// when io_submit returns. Throws nothing.
    /// </summary>
    public void Abandon()
    {
        loop.Draining = true;
        Guarded(TakeUpMessages);
        Guarded(loop.End.Abandon);
        _shard.Gate.Abandon();
        _shard.Messages.CleanUp(_shard.Ref, AkkaInternals.DeadLettersOf(aio.System)); // nobody takes up what comes from now on
        aio.OnShardEnded(_shard);
        AkkaInternals.TellTerminated(aio.Manager, _shard.Ref);
    }

    /// <summary>What waits for other devices than the one that the thread is stuck with goes to blocking threads.</summary>
    public void StageForOtherDevices()
    {
        if (!_shard.Gate.IsVisited)
        {
            return;
        }

        var submits = loop.Submits!;
        loop.Syncs.RunOnThreads();
        for (var waiting = submits.ReadyCount; waiting > 0; waiting--)
        {
            var operation = submits.TakeReady();
            if (!loop.MayStage(operation.File))
            {
                submits.AddReady(operation);
            }
            else if (operation.Opcode == IoOpcode.DataSync)
            {
                loop.Syncs.MoveToThread(operation);
            }
            else
            {
                loop.Settlement.RunBlocking(operation);
            }
        }

        LookThroughQueue();
    }

    // Once for each call that gets stuck: what is told meanwhile comes into the queue only where no slot is free.
    private void LookThroughQueue()
    {
        var (counters, queue) = (_shard.Counters, loop.Admission.Queue);
        if (_lookedThroughFor == counters.Submits || !loop.Slots.HasFree)
        {
            return;
        }

        _lookedThroughFor = counters.Submits;
        for (var waiting = queue.Count; waiting > 0 && queue.TryDequeue() is { } operation; waiting--)
        {
            if (loop.MayStage(operation.File) && loop.Slots.HasFree)
            {
                operation.Place = Place.InHand;
                loop.Stage(operation);
            }
            else
            {
                queue.Enqueue(operation);
                _lookedThroughFor = loop.Slots.HasFree ? _lookedThroughFor : -1;
            }
        }

        counters.Queued = queue.Count;
    }

    // What the thread has in hand has a slot by the time it calls io_submit.
    private void TakeUpMessages()
    {
        loop.Hold();

        // No more than there are now: what is not ours goes back into the mailbox, for Akka.
        var messages = _shard.Messages;
        for (var waiting = messages.Count; waiting > 0 && messages.TryDequeue(out var envelope); waiting--)
        {
            var (message, sender) = (envelope.Message, envelope.Sender);
            try
            {
                if (!_shard.Actor.Handle(message, sender))
                {
                    _shard.Ref.Tell(message, sender);
                }
            }
            catch (Exception e)
            {
                aio.Log.Error(e, "Shard {ShardId}: {Command} failed while the shard's thread was inside io_submit", _shard.Index, message);
                loop.End.AbortInHand(e);
            }
        }
    }

    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            aio.Log.Error(e, "Shard {ShardId}: what another thread does for it failed, while its own is inside io_submit", _shard.Index);
        }
    }
}
