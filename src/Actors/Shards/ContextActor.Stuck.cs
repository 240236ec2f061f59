using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace AkkaAio.Shards;

// What another thread does while the shard's own is stuck inside io_submit (SubmitGate). It has the shard's state to itself until it gives it
// back. Nothing is submitted. Operations on the device that the thread is stuck with are accepted and wait; those on other devices are done by
// blocking threads. Cancel, barriers and the end go on.
internal sealed partial class ContextActor
{
    // Replies to requesters: a few milliseconds, and longer only if a requester's Tell blocks.
    private static readonly TimeSpan LongestAbort = TimeSpan.FromSeconds(1);

    /// <summary>Takes up the messages that are waiting, and answers what has been done.</summary>
    public void ActForStuckThread()
    {
        // What the shard's thread has in hand is still to come when it returns.
        var inHand = (_inHand, _inHandFrom, _restOfBatch, _batchFrom);
        (_inHand, _restOfBatch) = (null, default);

        // No more than there are now: what is not ours goes back into the mailbox, for Akka.
        for (var waiting = _messages.Count; waiting > 0 && _messages.TryDequeue(out var envelope); waiting--)
        {
            HandleForStuckThread(envelope);
        }

        (_inFlight?.Watch as ShardReap)?.TakeAll();
        Pump();
        (_inHand, _inHandFrom, _restOfBatch, _batchFrom) = inHand;
    }

    /// <summary>
    /// Ends the shard without its thread: answers everything, and tells the manager that the actor has terminated, which Akka would do only
    /// when io_submit returns. The context and what the kernel has of it are leaked.
    /// </summary>
    public void AbandonStuckThread()
    {
        try
        {
            _shard.Draining = true;
            ActForStuckThread();
            AnswerAll();
            _inFlight!.RequestStop();
            ((IInternalActorRef)_reaper).Stop(); // answers what the kernel has, and says in the log what is leaked
            SpinWait.SpinUntil(() => _inFlight.HasEnded, LongestAbort);
            _aio.OnShardEnded(_shard);
            ActForStuckThread(); // what was told meanwhile
            AnswerAll();
        }
        catch (Exception e)
        {
            _log.Error(e, "Shard {0}: its end failed while its thread was inside io_submit", _shard.Index);
        }
        finally
        {
            _shard.Gate.Abandon();
            _messages.CleanUp(_self, _aio.System.Mailboxes.DeadLetterMailbox.MessageQueue); // nobody takes up what comes from now on
            ((IInternalActorRef)_parent).SendSystemMessage(
                new DeathWatchNotification(_self, existenceConfirmed: true, addressTerminated: false));
        }
    }

    // Flushes of files on other devices than the one that the thread is stuck with.
    private void SyncForStuckThread()
    {
        for (var waiting = _shard.WantedDataSyncs.Count; waiting > 0; waiting--)
        {
            var file = _shard.WantedDataSyncs.Dequeue();
            if (MayStage(file))
            {
                BeginDataSync(file);
                SyncOnThread(file);
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
            _log.Error(e, "Shard {0}: {1} failed while the shard's thread was inside io_submit", _shard.Index, envelope.Message);
            AbortInHand(e);
        }
    }
}
