using Akka.Actor;
using AkkaAio.Routing;

namespace AkkaAio.Shards;

// Cancel: finds the command wherever it waits, and answers it now. A command that was told more than once owes a reply for each telling,
// and a Cancel ends them all.
internal sealed partial class ContextActor
{
    private void OnCancel(Aio.Cancel cancel, IActorRef requester)
    {
        var found = cancel.Command switch
        {
            Aio.TransferCommand transfer => CancelWaiting(transfer) | CancelGrowing(transfer) | CancelInSlot(transfer),
            Aio.BarrierCommand barrier => CancelBarrier(barrier),
            Aio.AwaitRoom room => CancelAwaitRoom(room),
            _ => false,
        };
        requester.Reply(new Aio.Canceled(cancel, found), _shard.Sender, _log);
    }

    // In the queue, or behind a barrier.
    private bool CancelWaiting(Aio.TransferCommand command)
    {
        var found = false;
        while (command.Waiting is { } waiting)
        {
            found = true;
            var requester = waiting.Queued.Requester;
            if (waiting.List.Requester is null)
            {
                WaitingList.Remove(waiting);
                _shard.HeldCommands--;
            }
            else
            {
                var queued = _queue.TakeOut(waiting);
                _counters.Queued = _queue.Count;
                queued.Lane.Undo(command.IsWrite, queued.Epoch);
                if (command.IsWrite && command.File.Extent.HasGrown)
                {
                    OnTailUnwanted(queued.Lane);
                }
            }

            TellCanceled(requester, command, AioOutcome.NotPerformed);
        }

        return found;
    }

    // The kernel goes on with it, and so does the slot; the memory comes back when the event has been reaped.
    private bool CancelInSlot(Aio.TransferCommand command)
    {
        var found = false;
        foreach (var slot in _inFlight is null ? [] : _inFlight.Slots)
        {
            if (slot.Command == command && slot.TakeRequester() is { } requester)
            {
                found = true;
                TellCanceled(requester, command, Settlement.OutcomeOf(slot));
            }
        }

        return found;
    }

    private bool CancelAwaitRoom(Aio.AwaitRoom command)
    {
        var canceled = _shard.RoomWaiters.FindAll(waiter => waiter.Command == command);
        _shard.RoomWaiters.RemoveAll(waiter => waiter.Command == command);
        foreach (var (_, requester) in canceled)
        {
            TellCanceled(requester, command, AioOutcome.NotPerformed);
        }

        return canceled.Count > 0;
    }

    private bool CancelBarrier(Aio.BarrierCommand command)
    {
        // Its effect on the lanes stays: only the requester is let go.
        var found = false;
        foreach (var barrier in _shard.OpenBarriers)
        {
            if (barrier.Command == command && barrier.TryClaim())
            {
                found = true;
                TellCanceled(barrier.Requester ?? ActorRefs.Nobody, command, AioOutcome.MayHaveHappened);
            }
        }

        return found;
    }

    private bool CancelGrowing(Aio.TransferCommand command)
    {
        var lane = command.File.LaneOn(_shard);
        var found = false;
        for (var i = lane.Growing.Count; i > 0; i--)
        {
            var waiting = lane.Growing.Dequeue();
            if (waiting.Command != command)
            {
                lane.Growing.Enqueue(waiting);
                continue;
            }

            found = true;
            _shard.HeldCommands--;
            lane.Undo(write: true, waiting.Epoch);
            lane.GrowthsToTakeBack = 2; // the one that is running, and the next, which may be the one for this write
            TellCanceled(waiting.Requester, command, AioOutcome.NotPerformed);
        }

        return found;
    }

    private void TellCanceled(IActorRef requester, Aio.Command command, AioOutcome outcome)
    {
        var path = ((Aio.FileCommand)command).File.Path;
        requester.Reply(new Aio.CommandFailed(command, new AioCanceledException(command.Name, path), outcome), _shard.Sender, _log);
    }
}
