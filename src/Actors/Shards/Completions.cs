using System.Diagnostics;
using Akka.Event;
using AkkaAio.Interop.Engines;
using AkkaAio.Routing;

namespace AkkaAio.Shards;

/// <summary>
/// Takes completions out of a context and replies to the requesters. Used by the one who reaps (see <see cref="InFlight"/>).
/// </summary>
internal sealed class Completions(AioExt aio, Shard shard, InFlight inFlight, ILoggingAdapter log)
{
    private readonly ShardCounters _counters = shard.Counters;
    private readonly IoCompletion[] _completions = new IoCompletion[Math.Min(aio.Settings.Reap.Nr, inFlight.Depth)];

    /// <summary>The most that one <see cref="Take"/> takes out.</summary>
    public int MaxCount => _completions.Length;

    /// <summary>Reaps once and answers what came. Returns how many.</summary>
    /// <param name="minNr">How many to wait for, up to <see cref="MaxCount"/>.</param>
    /// <param name="timeout">How long.</param>
    /// <param name="nr">The most to take out, where that is less than <see cref="MaxCount"/>.</param>
    /// <exception cref="AioSystemException">The reap failed, and nothing has been taken out.</exception>
    public int Take(int minNr, TimeSpan timeout, int nr = int.MaxValue)
    {
        var count = inFlight.Context.Reap(_completions.AsSpan(0, Math.Min(nr, MaxCount)), minNr, timeout);
        if (count == 0)
        {
            return 0;
        }

        var reaped = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            var submittedAt = inFlight.Slots[_completions[i].Slot].SubmittedAt;
            Complete(_completions[i]);
            shard.Telemetry.Completed(reaped - submittedAt);
        }

        var answered = Stopwatch.GetTimestamp();
        _counters.Reaps++;
        _counters.Reaped += count;
        if (inFlight.Reaped(count))
        {
            shard.Tell(ReapNotice.Instance, shard.Ref);
        }

        shard.Telemetry.Delivered(count, answered - reaped);
        return count;
    }

    /// <summary>Answers what is still in flight or half done as the context ends. Returns how many the kernel has.</summary>
    public int AbortAll()
    {
        var inKernel = 0;
        foreach (var slot in inFlight.Slots)
        {
            if (slot.State is SlotState.InFlight or SlotState.Continuing)
            {
                inKernel += slot.State == SlotState.InFlight ? 1 : 0;
                Abort(slot);
            }
        }

        return inKernel;
    }

    private void Complete(IoCompletion completion)
    {
        var slot = inFlight.Slots[completion.Slot];
        try
        {
            if (slot.Opcode == IoOpcode.DataSync)
            {
                CompleteDataSync(slot, completion.Error);
            }
            else if (NoWaitPolicy.IsRefusal(slot, completion.Result))
            {
                slot.State = SlotState.Continuing;
                shard.Tell(new ContinueSlot(inFlight, slot, completion.Result), shard.Ref);
                return;
            }
            else if (Settlement.Settle(slot, completion.Result, shard.Sender, _counters.OfReaper) == Settled.Continue)
            {
                slot.State = SlotState.Continuing;
                shard.Tell(new ContinueSlot(inFlight, slot), shard.Ref);
                return;
            }
        }
        catch (Exception e) // nothing that one operation brings with it can stop the reaper
        {
            log.Error(e, "Shard {ShardId}: the reply to {Command} failed", shard.Index, slot.Command);
        }

        // After the reply: a barrier's own reply never overtakes those of the commands before it.
        if (slot.Opcode != IoOpcode.DataSync)
        {
            slot.Lane.Reaped(slot.IsWrite, slot.Epoch);
        }

        inFlight.GiveBackReaped(slot);
    }

    private void CompleteDataSync(Slot slot, Errno error)
    {
        var file = slot.Lane.File;
        _counters.OfReaper.DataSyncs++;
        if (ContextActor.HasNoDataSync(error))
        {
            ContextActor.SyncOnThread(aio, shard, file); // io-uring, thread-pool and posix-aio say so here, linux-aio at the submit
            return;
        }

        if (error != Errno.None)
        {
            _counters.OfReaper.Fail(IoOpcode.DataSync, error);
        }

        var cause = error == Errno.None ? null : new AioSystemException(error, "flush", file.Path);
        shard.Tell(new DataSyncDone(file, cause), shard.Ref);
    }

    // The memory stays where it is: after a drain it is no longer used, but past the deadline the kernel has it still.
    private void Abort(Slot slot)
    {
        var file = slot.Lane.File;
        var name = slot.Command?.Name ?? "flush";
        var cause = new AioAbortedException(name, file.Path, $"shard {shard.Index} stopped before the kernel was done with it");
        if (slot.State == SlotState.InFlight)
        {
            file.Open.LeakDescriptor();
        }
        else
        {
            slot.ReleaseMemory();
        }

        if (slot.Opcode == IoOpcode.DataSync)
        {
            shard.Tell(new DataSyncDone(file, cause), shard.Ref);
            return;
        }

        var command = slot.Command!;
        slot.TakeRequester()?.Reply(new Aio.CommandFailed(command, cause, Settlement.OutcomeOf(slot)), shard.Sender, log);
        slot.Lane.Reaped(slot.IsWrite, slot.Epoch);
    }
}
