using Akka.Actor;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Interop.Engines;
using AkkaAio.Routing;
using AkkaAio.Telemetry;

namespace AkkaAio.Shards;

// Start, restart, drain, stop. A context lives from one start of the actor to its reaper's end: the reaper drains and destroys it on
// its own thread, and only then does the next incarnation open another.
internal sealed partial class ContextActor
{
    // The kernel refused a context: what was short may take a moment to come back.
    private static readonly TimeSpan LeastSetupPause = TimeSpan.FromMilliseconds(200);

    private InFlight? _inFlight;
    private IActorRef _reaper = ActorRefs.Nobody;
    private Submitter? _submitter;
    private Exception? _unavailable;
    private bool _restarting;

    protected override void PreStart() => OpenContext();

    // A reaper that fails has left events in the kernel: the whole shard starts anew.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    protected override void PreRestart(Exception reason, object message)
    {
        _restarting = true;
        _log.Error(reason, "Shard {ShardId} restarts; what it held is answered with AioAbortedException", _shard.Index);
        _inFlight?.RequestStop();
        try
        {
            AbortUnsubmitted(reason);
        }
        finally
        {
            base.PreRestart(reason, message); // stops the reaper, and waits for it: without this the context is never destroyed
            _restarting = false; // the system may end before the next incarnation begins
        }
    }

    protected override void PostRestart(Exception reason)
    {
        _counters.Restarts++;
        var pause = _shard.Backoff.NextPause();
        if (pause == TimeSpan.Zero)
        {
            OpenContext();
        }
        else
        {
            CloseFor(pause, reason);
        }

        // What was aborted may have been all that a barrier or a producer waited for, and no other message may ever come.
        _self.Tell(ReapNotice.Instance, _self);
        SafeLog.Publish(Context.System.EventStream, new AioShardRestarted(_shard.Index, reason));
    }

    protected override void PostStop()
    {
        if (!_restarting && !_shard.Gate.IsAbandoned)
        {
            AnswerAll();
            _aio.OnShardEnded(_shard);
        }
    }

    /// <summary>The end: answers everything that the kernel does not have. Its context answers the rest.</summary>
    private void AnswerAll()
    {
        AbortUnsubmitted(cause: null);
        foreach (var barrier in _shard.OpenBarriers.ToArray())
        {
            FailBarrier(
                barrier, new AioAbortedException(barrier.Command.Name, barrier.File.Path, "the shard has stopped"),
                barrier.File.Home.HasBegun(barrier) ? AioOutcome.MayHaveHappened : AioOutcome.NotPerformed);
        }

        foreach (var lane in _shard.LanesWaiting)
        {
            while (lane.Held?.First is { } held)
            {
                WaitingList.Remove(held);
                if (held.Barrier is null)
                {
                    Abort(held.Queued.Command, held.Queued.Requester, cause: null);
                }
            }

            while (lane.Growing.TryDequeue(out var growing))
            {
                Abort(growing.Command, growing.Requester, cause: null);
            }
        }

        _shard.LanesWaiting.Clear();
        foreach (var slot in _shard.Blocking)
        {
            // Its thread has the memory still, which comes back as a lost message, and the descriptor, which stays open until then.
            slot.Lane.File.Open.HoldAtEnd();
            slot.TakeRequester()?.Reply(
                new Aio.CommandFailed(slot.Command!, Aborted(slot.Command!, cause: null), Settlement.OutcomeOf(slot)), _shard.Sender, _log);
        }

        _shard.Blocking.Clear();
        _shard.WantedDataSyncs.Clear();
        foreach (var (command, requester) in _shard.RoomWaiters)
        {
            requester.Reply(
                new Aio.CommandFailed(
                    command, new AioAbortedException(command.Name, command.File.Path, $"shard {_shard.Index} has stopped"),
                    AioOutcome.NotPerformed),
                _shard.Sender, _log);
        }

        _shard.RoomWaiters.Clear();
    }

    private void OpenContext()
    {
        try
        {
            var context = _shard.TakeFirstContext() ?? _aio.CreateContext();
            var thread = ReapsHere();
            var inFlight = new InFlight(context, hasReaper: thread is null && _aio.ReapLoop is null);
            var completions = new Completions(_aio, _shard, inFlight, _log);
            Watch(inFlight, completions, thread);
            _reaper = ReaperOf(inFlight, completions);
            _submitter = new Submitter(_aio, _shard, inFlight, FailStaged, _log) { Reaper = _reaper, Reap = inFlight.Watch as ShardReap };
            (_inFlight, _shard.InFlight) = (inFlight, inFlight);
            _unavailable = null;
        }
        catch (AioException e)
        {
            var pause = _shard.Backoff.NextPause();
            CloseFor(pause == TimeSpan.Zero ? LeastSetupPause : pause, e);
        }
    }

    // The thread that this runs on, where it is the one to reap.
    private ThreadExecutor? ReapsHere() =>
        _aio.Settings.Reap is { Wait: ReapWait.GetEvents, Thread: ReapThread.Shard } ? ThreadExecutor.Current : null;

    private void Watch(InFlight inFlight, Completions completions, ThreadExecutor? thread)
    {
        try
        {
            if (_aio.ReapLoop is { } loop)
            {
                inFlight.Watch = loop.Add(inFlight, completions);
            }
            else if (thread is not null)
            {
                var reap = new ShardReap(_aio, inFlight, completions);
                inFlight.Watch = reap;
                reap.Begin(thread);
            }
        }
        catch
        {
            inFlight.Destroy();
            throw;
        }
    }

    private IActorRef ReaperOf(InFlight inFlight, Completions completions)
    {
        var (aio, shard) = (_aio, _shard);

        // One that only ends things needs no thread but then.
        var dispatcher = AioSettings.DispatcherId(inFlight.Watch is null ? "reaper" : "drain");
        var reaper = Context.ActorOf(
            Props.Create(() => new ReaperActor(aio, shard, inFlight, completions)).WithDispatcher(dispatcher).WithMailbox(AioMailbox.Id),
            "reaper");
        inFlight.Watch?.Reaper = reaper;
        return reaper;
    }

    // Until then every command is refused with the cause; barriers that need no context go on.
    private void CloseFor(TimeSpan pause, Exception cause)
    {
        _unavailable = cause;
        _shard.InFlight = null;
        FailWantedDataSyncs(cause);
        _log.Error("Shard {ShardId} is unavailable, next try in {Pause}: {Reason}", _shard.Index, pause, cause.Message);
        Context.System.Scheduler.ScheduleTellOnce(pause, _self, RetrySetup.Instance, _self);
    }

    private void RetryOpenContext()
    {
        if (_inFlight is null)
        {
            OpenContext();
        }
    }

    /// <summary>Answers what the kernel has never seen.</summary>
    private void AbortUnsubmitted(Exception? cause)
    {
        // From the slots, not from the staged batch: wherever this actor threw, each is found.
        foreach (var slot in _inFlight is null ? [] : _inFlight.Slots)
        {
            if (slot.State != SlotState.Staged)
            {
                continue;
            }

            if (slot.Opcode == IoOpcode.DataSync)
            {
                WantDataSync(slot.Lane.File); // the next incarnation's
            }
            else
            {
                Settlement.Fail(
                    slot, Aborted(slot.Command!, cause), _shard.Sender,
                    slot is { Done: 0, ShortWrites: 0 } ? AioOutcome.NotPerformed : Settlement.OutcomeOf(slot));
                slot.Lane.Undo(slot.IsWrite, slot.Epoch);
            }

            slot.State = SlotState.Free; // answered: its command may be another operation's by now
        }

        while (_queue.TryDequeue(out var queued))
        {
            Abort(queued.Command, queued.Requester, cause);
            queued.Lane.Undo(queued.Command.IsWrite, queued.Epoch);
        }

        AbortInHand(cause);
        _submitter?.Clear();
        _counters.Queued = 0;
    }

    private void AbortInHand(Exception? cause)
    {
        if (_inHand is { } inHand)
        {
            Abort(inHand, _inHandFrom, cause);
        }

        _inHand = null;
        foreach (var command in _restOfBatch.Span)
        {
            Abort((Aio.TransferCommand)command, _batchFrom, cause);
        }

        _restOfBatch = default;
    }

    private void Abort(Aio.TransferCommand command, IActorRef requester, Exception? cause) =>
        requester.Reply(new Aio.CommandFailed(command, Aborted(command, cause), AioOutcome.NotPerformed), _shard.Sender, _log);

    private AioAbortedException Aborted(Aio.TransferCommand command, Exception? cause) =>
        new(command.Name, command.File.Path,
            cause is null ? $"shard {_shard.Index} has stopped" : $"shard {_shard.Index} restarted: {cause.Message}", cause);

    private void TellWhenDrained()
    {
        if (_queue.Count == 0 && _shard.HeldCommands == 0 && _shard.Blocking.Count == 0 && _shard.OpenBarriers.Count == 0 &&
            _shard.LanesWaiting.Count == 0 && (_inFlight is null || _inFlight.AllFree))
        {
            _parent.Tell(new Drained(_shard.Index), _self);
        }
    }
}
