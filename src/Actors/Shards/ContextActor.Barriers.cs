using Akka.Actor;
using AkkaAio.Files;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Routing;

namespace AkkaAio.Shards;

// Barriers. In every lane: a Flush waits for the writes before it, a SetLength, Allocate or Close for everything before it, and holds
// up what comes behind. A lane that is done tells the home shard; there, when all lanes have arrived:
//
//   Flush                        ──► ReadyFlushes ──► one fdatasync for all that are ready ──► Flushed, each
//   SetLength, Allocate, Close   ──► ReadyExclusive ──► a blocking thread ──► reply ──► the lanes go on
internal sealed partial class ContextActor
{
    private readonly List<FileBarrier> _arrived = [];
    private readonly List<FileLane> _clearLanes = [];

    private void OnBarrier(FileBarrier barrier)
    {
        var lane = barrier.File.LaneOn(_shard);
        if (barrier.File.HomeShard == _shard)
        {
            _shard.OpenBarriers.Add(barrier);
        }

        if (lane.Closing)
        {
            var refused = new AioClosedException(barrier.Command.Name, barrier.File.Path, "the file is closed");
            Arrive(barrier.File.HomeShard, new BarriersArrived([barrier], refused));
            return;
        }

        if (lane.Held is { } held)
        {
            held.Add(new Waiting { Barrier = barrier });
            return;
        }

        switch (barrier.Command)
        {
            case Aio.Flush:
                lane.AddFlush(barrier);
                break;
            case Aio.Close:
                lane.Closing = true;
                lane.Exclusive = barrier;
                break;
            default:
                lane.Held = new WaitingList();
                lane.Exclusive = barrier;
                break;
        }

        _shard.LanesWaiting.Add(lane);
        PassBarriers();
    }

    /// <summary>Reports the barriers whose earlier commands are all answered. True when there was one.</summary>
    private bool PassBarriers()
    {
        if (_shard.LanesWaiting.Count == 0)
        {
            return false;
        }

        foreach (var lane in _shard.LanesWaiting)
        {
            lane.TakeArrivedFlushes(_arrived);
            if (lane.Exclusive is { } exclusive && lane.IsQuiet)
            {
                lane.Exclusive = null;
                _arrived.Add(exclusive);
            }

            if (lane.IsTailUnwanted && !lane.Writes.HasPending)
            {
                TakeTailBack(lane);
            }

            if (!lane.HasWaiting)
            {
                _clearLanes.Add(lane);
            }
        }

        _shard.LanesWaiting.ExceptWith(_clearLanes);
        _clearLanes.Clear();
        if (_arrived.Count == 0)
        {
            return false;
        }

        // One message for all of a home shard: flushes that are ready together share one fdatasync, and would not if they came singly.
        FileBarrier[] arrived = [.. _arrived];
        _arrived.Clear();
        foreach (var ofHome in arrived.GroupBy(barrier => barrier.File.HomeShard))
        {
            Arrive(ofHome.Key, new BarriersArrived([.. ofHome], Refused: null));
        }

        return true;
    }

    private void Arrive(Shard home, BarriersArrived arrived)
    {
        if (home == _shard)
        {
            OnArrived(arrived);
        }
        else
        {
            home.Tell(arrived, _self);
        }
    }

    // Home shard from here on.
    private void OnArrived(BarriersArrived arrived)
    {
        foreach (var barrier in arrived.Barriers)
        {
            OnArrived(barrier, arrived.Refused);
        }
    }

    private void OnArrived(FileBarrier barrier, Exception? refused)
    {
        barrier.Refused ??= refused;
        if (--barrier.Remaining > 0)
        {
            return;
        }

        var home = barrier.File.Home;
        if (barrier.Refused is { } cause)
        {
            FailBarrier(barrier, cause, AioOutcome.NotPerformed);
        }
        else if (barrier.Command is Aio.Flush)
        {
            home.ReadyFlushes.Add(barrier);
            StartDataSync(barrier.File);
        }
        else
        {
            home.ReadyExclusive = barrier;
            StartExclusive(barrier.File);
        }
    }

    private void StartDataSync(AioFile file)
    {
        var home = file.Home;
        if (home.SyncWanted || home.Flushing is not null || home.ReadyFlushes.Count == 0)
        {
            return;
        }

        if (home.FlushError is { } error)
        {
            FailFlushes(home, error);
        }
        else if (_unavailable is { } cause)
        {
            FailFlushes(home, new AioUnavailableException("flush", file.Path, _shard.Index, cause));
        }
        else
        {
            WantDataSync(file);
        }
    }

    private void WantDataSync(AioFile file)
    {
        file.Home.SyncWanted = true;
        _shard.WantedDataSyncs.Enqueue(file);
    }

    private void FailFlushes(HomeRecord home, Exception cause)
    {
        foreach (var flush in home.ReadyFlushes)
        {
            FailBarrier(flush, cause, AioOutcome.MayHaveHappened);
        }

        home.ReadyFlushes.Clear();
    }

    // Not before the fdatasync begins: what became ready while it waited for its place is served too.
    private static void BeginDataSync(AioFile file)
    {
        var home = file.Home;
        home.SyncWanted = false;
        home.Flushing = [.. home.Flushing ?? [], .. home.ReadyFlushes];
        home.ReadyFlushes.Clear();
    }

    /// <summary>
    /// A kernel before 4.18, or a file system without fsync, as read-only ones are. It says nothing of what was written: the same on a
    /// thread that may block, where the file itself knows what that means for it.
    /// </summary>
    internal static bool HasNoDataSync(Errno error) => error is Errno.EINVAL or Errno.EOPNOTSUPP;

    /// <summary>Any thread: fdatasync(2) on a thread that may block.</summary>
    internal static void SyncOnThread(AioExt aio, Shard shard, AioFile file) =>
        aio.RunBlocking(() => shard.Tell(new DataSyncDone(file, AioExt.ErrorOf(file.Handle.DataSync)), shard.Ref));

    private void StageDataSync(Slot slot, AioFile file)
    {
        BeginDataSync(file);
        slot.State = SlotState.Staged;
        slot.Lane = file.LaneOn(_shard);
        slot.Opcode = IoOpcode.DataSync;
        slot.Flags = RwFlags.None;
        slot.Start = 0;
        _submitter!.Add(slot);
    }

    private void FailDataSync(Slot slot, Errno error)
    {
        var file = slot.Lane.File;
        _inFlight!.GiveBack(slot);
        if (HasNoDataSync(error))
        {
            SyncOnThread(_aio, _shard, file);
        }
        else
        {
            _counters.OfShard.Fail(IoOpcode.DataSync, error);
            OnDataSyncDone(new DataSyncDone(file, new AioSystemException(error, "flush", file.Path)));
        }
    }

    // There is no context to submit them to. Nothing is lost by it, so it does not stick to the file.
    private void FailWantedDataSyncs(Exception cause)
    {
        while (_shard.WantedDataSyncs.TryDequeue(out var file))
        {
            var home = file.Home;
            home.SyncWanted = false;
            home.ReadyFlushes.AddRange(home.Flushing ?? []); // the staged ones of the incarnation before
            home.Flushing = null;
            FailFlushes(home, new AioUnavailableException("flush", file.Path, _shard.Index, cause));
            StartExclusive(file);
        }
    }

    private void OnDataSyncDone(DataSyncDone done)
    {
        var home = done.File.Home;
        if (done.Error is { } failure)
        {
            home.StickFlushError(failure);
        }
        else
        {
            done.File.Extent.Flushed();
        }

        foreach (var flush in home.Flushing ?? [])
        {
            // Also of a write with Dsync that has failed meanwhile: the kernel reports a loss once, and that write may have had the report.
            if (home.FlushError is { } error)
            {
                FailBarrier(flush, error, AioOutcome.MayHaveHappened);
            }
            else
            {
                Reply(flush, new Aio.Flushed((Aio.Flush)flush.Command));
            }
        }

        home.Flushing = null;
        StartDataSync(done.File);
        StartExclusive(done.File);
    }

    private void StartExclusive(AioFile file)
    {
        var home = file.Home;
        if (home.ReadyExclusive is not { } barrier || home.Running || home.Growing || home.Flushing is not null ||
            home.ReadyFlushes.Count > 0)
        {
            return;
        }

        home.Running = true;
        _aio.RunBlocking(() =>
        {
            var error = AioExt.ErrorOf(() => Perform(barrier.Command));
            _shard.Tell(new ExclusiveDone(barrier, error), _self);
        });
    }

    private static void Perform(Aio.BarrierCommand command)
    {
        var file = command.File;
        switch (command)
        {
            case Aio.SetLength set:
                file.Extent.Cut(file.Handle, set.Length);
                break;
            case Aio.Allocate allocate:
                file.Extent.Allocate(file.Handle, allocate.Offset, allocate.Length);
                break;
            case Aio.Close when !file.Open.DescriptorLeaked:
                file.Release();
                break;
            default:
                break;
        }
    }

    private void OnExclusiveDone(ExclusiveDone done)
    {
        var (barrier, error) = done;
        var file = barrier.File;
        file.Home.Running = false;
        file.Home.ReadyExclusive = null;
        if (error is not null)
        {
            FailBarrier(barrier, error, AioOutcome.MayHaveHappened);
        }
        else
        {
            Reply(barrier, SuccessOf(barrier.Command));
        }

        if (barrier.Command is Aio.Close)
        {
            _parent.Tell(new FileClosed(file.Open), _self);
            return;
        }

        foreach (var lane in file.Lanes)
        {
            if (lane.Shard == _shard)
            {
                Release(lane);
            }
            else
            {
                lane.Shard.Tell(new BarrierReleased(barrier), _self);
            }
        }
    }

    private static Aio.Event SuccessOf(Aio.BarrierCommand command) => command switch
    {
        Aio.SetLength set => new Aio.LengthSet(set),
        Aio.Allocate allocate => new Aio.Allocated(allocate),
        Aio.Close close => new Aio.Closed(close),
        _ => throw new InvalidOperationException($"not an exclusive barrier: {command}"),
    };

    // Every lane: what was held goes on, in its order; a barrier among it may hold the rest again.
    private void Release(FileLane lane)
    {
        var held = lane.Held;
        lane.Held = null;
        while (held?.First is { } next)
        {
            WaitingList.Remove(next);
            if (next.Barrier is { } barrier)
            {
                OnBarrier(barrier);
            }
            else if (lane.Held is { } again)
            {
                again.Add(next);
            }
            else
            {
                _shard.HeldCommands--;
                AcceptReleased(next.Queued.Command, next.Queued.Requester, lane);
            }
        }

        if (!lane.HasWaiting)
        {
            _shard.LanesWaiting.Remove(lane);
        }
    }

    private void AcceptReleased(Aio.TransferCommand command, IActorRef requester, FileLane lane)
    {
        // Accepted once already: the queue's bound does not apply again.
        if (RefusalOf(command, lane) is { } cause)
        {
            requester.Reply(new Aio.CommandFailed(command, cause, AioOutcome.NotPerformed), _shard.Sender, _log);
        }
        else
        {
            Enqueue(command, requester, lane);
        }
    }

    private void FailBarrier(FileBarrier barrier, Exception cause, AioOutcome outcome) =>
        Reply(barrier, new Aio.CommandFailed(barrier.Command, cause, outcome));

    private void Reply(FileBarrier barrier, Aio.Event reply)
    {
        // Once, however often: an end of the system may answer it too.
        if (_shard.OpenBarriers.Remove(barrier) && barrier.Command is Aio.SetLength or Aio.Allocate)
        {
            barrier.File.ExclusiveAnswered();
        }

        if (barrier.TryClaim())
        {
            barrier.Requester?.Reply(reply, _shard.Sender, _log);
        }
    }
}
