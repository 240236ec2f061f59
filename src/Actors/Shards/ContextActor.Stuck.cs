using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

// What another thread does while the shard's own is stuck inside io_submit (SubmitGate). It has the shard's state to itself until it gives it
// back. Nothing is submitted. Operations on the device that the thread is stuck with are accepted and wait; those on other devices are done by
// blocking threads. Cancel, barriers and the end go on.
internal sealed partial class ContextActor
{
    // Replies to requesters: a few milliseconds, and longer only if a requester's Tell blocks.
    private static readonly TimeSpan LongestAbort = TimeSpan.FromSeconds(1);

    // For which io_submit the queue has been looked through; or it must be, because a slot was missing.
    private long _lookedThroughFor;

    /// <summary>Commands that are accepted, or in hand, wait for the shard's thread.</summary>
    public bool HasWaiting => !_restOfBatch.IsEmpty || _queue.Count > 0 || _shard.WantedDataSyncs.Count > 0;

    /// <summary>Takes up the messages that are waiting, and answers what has been done. Throws nothing: it runs on a pool thread.</summary>
    public void ActForStuckThread()
    {
        try
        {
            TakeUpMessages();
            (_inFlight?.Watch as ShardReap)?.TakeAll();
            Pump();
        }
        catch (Exception e)
        {
            _log.Error(e, "Shard {ShardId}: what another thread does for it failed, while its own is inside io_submit", _shard.Index);
        }
    }

    /// <summary>
    /// Ends the shard without its thread: answers everything, and tells the manager that the actor has terminated, which Akka would do only
    /// when io_submit returns. The context and what the kernel has of it are leaked. Throws nothing.
    /// </summary>
    public void AbandonStuckThread()
    {
        _shard.Draining = true;
        LeakWhatTheKernelHas();
        _inFlight!.RequestStop();
        ((IInternalActorRef)_reaper).Stop(); // answers what the kernel has, and says in the log what is leaked
        SpinWait.SpinUntil(() => _inFlight.HasEnded, LongestAbort);
        Guarded(TakeUpMessages);
        Guarded(AnswerAll);
        _shard.Gate.Abandon();
        _messages.CleanUp(_self, _aio.System.Mailboxes.DeadLetterMailbox.MessageQueue); // nobody takes up what comes from now on
        _aio.OnShardEnded(_shard);
        ((IInternalActorRef)_parent).SendSystemMessage(
            new DeathWatchNotification(_self, existenceConfirmed: true, addressTerminated: false));
    }

    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            _log.Error(e, "Shard {ShardId}: its end failed while its thread was inside io_submit", _shard.Index);
        }
    }

    // Here too, in case the reaper is late: the manager closes the files next.
    private void LeakWhatTheKernelHas()
    {
        foreach (var slot in _inFlight!.Slots)
        {
            if (slot.State == SlotState.InFlight && slot.Lane is { } lane)
            {
                lane.File.Open.LeakDescriptor();
            }
        }
    }

    // What the thread has in hand is in a slot by the time it calls io_submit. The rest of its batch comes first.
    private void TakeUpMessages()
    {
        AcceptBatch(_restOfBatch, _batchFrom);

        // No more than there are now: what is not ours goes back into the mailbox, for Akka.
        for (var waiting = _messages.Count; waiting > 0 && _messages.TryDequeue(out var envelope); waiting--)
        {
            HandleForStuckThread(envelope);
        }
    }

    // What waits for other devices than the one that the thread is stuck with goes to blocking threads.
    private void StageForStuckThread()
    {
        SyncForStuckThread();
        for (var waiting = _submitter!.ReadyCount; waiting > 0; waiting--)
        {
            var slot = _submitter.TakeReady();
            if (!MayStage(slot.Lane.File))
            {
                _submitter.Enqueue(slot);
            }
            else if (slot.Opcode == IoOpcode.DataSync)
            {
                var file = slot.Lane.File;
                _inFlight!.GiveBack(slot);
                SyncOnThread(_aio, _shard, file);
            }
            else
            {
                slot.Flags &= ~RwFlags.NoWait;
                RunBlocking(slot);
            }
        }

        // Once for each call that gets stuck: what is told meanwhile comes into the queue only where no slot is free.
        if (_lookedThroughFor == _counters.Submits || _inFlight is not { HasFree: true } inFlight)
        {
            return;
        }

        _lookedThroughFor = _counters.Submits;
        for (var waiting = _queue.Count; waiting > 0 && _queue.TryDequeue(out var queued); waiting--)
        {
            if (MayStage(queued.Lane.File) && inFlight.TryTake() is { } slot)
            {
                Stage(slot, queued);
            }
            else
            {
                _queue.Enqueue(queued);
                _lookedThroughFor = inFlight.HasFree ? _lookedThroughFor : -1;
            }
        }

        _counters.Queued = _queue.Count;
    }

    private void SyncForStuckThread()
    {
        for (var waiting = _shard.WantedDataSyncs.Count; waiting > 0; waiting--)
        {
            var file = _shard.WantedDataSyncs.Dequeue();
            if (MayStage(file))
            {
                BeginDataSync(file);
                SyncOnThread(_aio, _shard, file);
            }
            else
            {
                _shard.WantedDataSyncs.Enqueue(file);
            }
        }
    }

    private void HandleForStuckThread(Envelope envelope)
    {
        try
        {
            if (!Handle(envelope.Message, envelope.Sender))
            {
                _self.Tell(envelope.Message, envelope.Sender);
            }
        }
        catch (Exception e)
        {
            _log.Error(e, "Shard {ShardId}: {Command} failed while the shard's thread was inside io_submit", _shard.Index, envelope.Message);
            AbortInHand(e);
        }
    }
}
