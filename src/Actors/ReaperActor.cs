using Akka.Actor;
using Akka.Event;
using AkkaAio.Interop.Engines;
using AkkaAio.Routing;
using AkkaAio.Shards;

namespace AkkaAio;

/// <summary>
/// Takes completions out of a shard's context and replies to the requesters, on a thread of its own. While something is in flight it
/// waits in io_getevents; while nothing is, in its mailbox, where it costs nothing.
/// </summary>
internal sealed class ReaperActor : UntypedActor
{
    // So many reaps, then a look into the mailbox: a reaper under load would never see its Stop.
    private const int ReapsPerMessage = 64;

    // A context that cannot be reaped any more must not hold up the end until the deadline, at full CPU.
    private const int MaxDrainFailures = 10;

    private readonly AioExt _aio;
    private readonly Shard _shard;
    private readonly InFlight _inFlight;
    private readonly ShardCounters _counters;
    private readonly IoCompletion[] _completions;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public ReaperActor(AioExt aio, Shard shard, InFlight inFlight)
    {
        _aio = aio;
        _shard = shard;
        _inFlight = inFlight;
        _counters = shard.Counters;
        _completions = new IoCompletion[Math.Min(aio.Settings.Reap.Nr, inFlight.Depth)];
    }

    protected override void OnReceive(object message)
    {
        if (message is not Reap)
        {
            Unhandled(message);
            return;
        }

        var (minNr, _, timeout) = _aio.Settings.Reap;
        for (var reaps = 0; reaps < ReapsPerMessage && !_inFlight.StopRequested; reaps++)
        {
            var inFlight = _inFlight.Count;
            if (inFlight <= 0)
            {
                if (_inFlight.TryGoIdle())
                {
                    return;
                }

                continue;
            }

            // Never for more than are in flight, or than fit: the kernel would wait for the whole time-out, or refuse.
            var wanted = (int)Math.Min(Math.Min(minNr, inFlight), _completions.Length);
            if (ReapOnce(wanted, timeout) == 0 && wanted > 0)
            {
                break; // timed out or woken: perhaps there is a Stop
            }
        }

        if (!_inFlight.StopRequested)
        {
            Self.Tell(Reap.Instance);
        }
    }

    /// <summary>The shard has stopped, is stopping or has failed: waits for what is in flight, then destroys the context.</summary>
    protected override void PostStop()
    {
        DrainContext(_aio.DrainDeadline);
        var drained = _inFlight.Count <= 0;
        foreach (var slot in _inFlight.Slots)
        {
            if (slot.State is SlotState.InFlight or SlotState.Continuing)
            {
                Abort(slot);
            }
        }

        if (drained)
        {
            _inFlight.Destroy();
        }
        else
        {
            _log.Error(
                "Shard {0}: {1} operations were still in flight after {2}; their memory and descriptors are leaked, since the " +
                "kernel may still use them", _shard.Index, _inFlight.Count, _aio.Settings.DrainTimeout);
            AbandonedContexts.Keep(_inFlight);
        }
    }

    // A reap that fails has taken nothing out: what is in flight is still there, and abandoning it would leak all of its memory.
    private void DrainContext(Deadline deadline)
    {
        var failures = 0;
        while (_inFlight.Count > 0 && failures < MaxDrainFailures && deadline.Remaining is var remaining && remaining > TimeSpan.Zero)
        {
            try
            {
                ReapOnce(1, remaining < _aio.Settings.Reap.Timeout ? remaining : _aio.Settings.Reap.Timeout);
            }
            catch (Exception e)
            {
                failures++;
                _log.Error(e, "Shard {0}: a reap failed as the context was drained", _shard.Index);
            }
        }
    }

    private int ReapOnce(int minNr, TimeSpan timeout)
    {
        var count = _inFlight.Context.Reap(_completions, minNr, timeout);
        if (count == 0)
        {
            return 0;
        }

        for (var i = 0; i < count; i++)
        {
            Complete(_completions[i]);
        }

        _counters.Reaps++;
        _counters.Reaped += count;
        if (_inFlight.Reaped(count))
        {
            _shard.Ref.Tell(ReapNotice.Instance, Self);
        }

        return count;
    }

    private void Complete(IoCompletion completion)
    {
        var slot = _inFlight.Slots[completion.Slot];
        try
        {
            if (slot.Opcode == IoOpcode.DataSync)
            {
                CompleteDataSync(slot, completion.Error);
            }
            else if (Settlement.Settle(slot, completion.Result, _shard.Ref, _counters.OfReaper) == Settled.Continue)
            {
                slot.State = SlotState.Continuing;
                _shard.Ref.Tell(new ContinueSlot(_inFlight, slot), Self);
                return;
            }
        }
        catch (Exception e) // nothing that one operation brings with it can stop the reaper
        {
            _log.Error(e, "Shard {0}: the reply to {1} failed", _shard.Index, slot.Command);
        }

        // After the reply: a barrier's own reply never overtakes those of the commands before it.
        if (slot.Opcode != IoOpcode.DataSync)
        {
            slot.Lane.Reaped(slot.IsWrite, slot.Epoch);
        }

        _inFlight.GiveBackFromReaper(slot);
    }

    private void CompleteDataSync(Slot slot, Errno error)
    {
        var file = slot.Lane.File;
        _counters.OfReaper.DataSyncs++;
        var cause = error == Errno.None ? null : new AioSystemException(error, "flush", file.Path);
        _shard.Ref.Tell(new DataSyncDone(file, cause), Self);
    }

    // The memory stays where it is: after a drain it is no longer used, but past the deadline the kernel has it still.
    private void Abort(Slot slot)
    {
        var file = slot.Lane.File;
        var name = slot.Command?.Name ?? "flush";
        var cause = new AioAbortedException(name, file.Path, $"shard {_shard.Index} stopped before the kernel was done with it");
        if (slot.State == SlotState.InFlight)
        {
            file.LeakDescriptor();
        }
        else
        {
            slot.Buffer?.Release();
        }

        if (slot.Opcode == IoOpcode.DataSync)
        {
            _shard.Ref.Tell(new DataSyncDone(file, cause), Self);
            return;
        }

        var command = slot.Command!;
        slot.TakeRequester()?.Reply(new Aio.CommandFailed(command, cause, Settlement.OutcomeOf(slot)), _shard.Ref, _log);
        slot.Lane.Reaped(slot.IsWrite, slot.Epoch);
    }
}
