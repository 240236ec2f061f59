using AkkaAio.Files;

namespace AkkaAio.Shards;

/// <summary>
/// Barriers. In every lane a Flush waits for the writes before it, a SetLength, Allocate or Close for everything before it, and holds up
/// what comes behind. A lane that is done tells the home shard; there, when all lanes have arrived:
/// <code>
/// Flush                        ──► ReadyFlushes ──► one fdatasync for all that are ready (FileSyncs) ──► Flushed, each
/// SetLength, Allocate, Close … ──► ReadyExclusive ──► a blocking thread ──► reply ──► the lanes go on
/// </code>
/// </summary>
internal sealed class FileBarriers(AioExt aio, ShardLoop loop)
{
    private readonly List<FileBarrier> _arrived = [];
    private readonly List<FileLane> _clear = [];

    // Lanes on this shard where barriers or commands wait.
    private readonly HashSet<FileLane> _lanes = [];

    public bool HasWaitingLanes => _lanes.Count > 0;

    /// <summary>Something waits in this lane for its operations.</summary>
    public void Wait(FileLane lane) => _lanes.Add(lane);

    /// <summary>The shard has ended.</summary>
    public void Clear() => _lanes.Clear();

    /// <summary>A barrier has come to its lane on this shard.</summary>
    public void Accept(FileBarrier barrier)
    {
        loop.AssertHeld();
        if (barrier.File.HomeShard == loop.Shard && !barrier.IsAtHome)
        {
            barrier.IsAtHome = true;
            loop.Accepted.Add(barrier);
        }

        var lane = barrier.File.LaneOn(loop.Shard);
        if (lane.Closing)
        {
            var refused = new AioClosedException(barrier.Barrier.Name, barrier.File.Path, "the file is closed");
            Arrive(barrier.File.HomeShard, new BarriersArrived([barrier], refused));
            return;
        }

        if (lane.Held is { } held)
        {
            held.Add(new HeldBarrier(barrier));
            return;
        }

        switch (barrier.Barrier)
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

        Wait(lane);
        Pass();
    }

    /// <summary>Reports the barriers whose earlier commands are all answered. True when there was one.</summary>
    public bool Pass()
    {
        if (_lanes.Count == 0)
        {
            return false;
        }

        foreach (var lane in _lanes)
        {
            lane.TakeArrivedFlushes(_arrived);
            if (lane.Exclusive is { } exclusive && lane.IsQuiet)
            {
                lane.Exclusive = null;
                _arrived.Add(exclusive);
            }

            if (lane.IsTailUnwanted && !lane.Writes.HasPending)
            {
                loop.Growth.TakeTailBack(lane);
            }

            if (!lane.HasWaiting)
            {
                _clear.Add(lane);
            }
        }

        _lanes.ExceptWith(_clear);
        _clear.Clear();
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
        if (home == loop.Shard)
        {
            OnArrived(arrived);
            return;
        }

        loop.Replies.TellAll(); // to the commands before it: the home shard may answer the barrier at once
        home.Tell(arrived, loop.Shard.Ref);
    }

    /// <summary>Home shard: barriers have arrived in a lane.</summary>
    public void OnArrived(BarriersArrived arrived)
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
            Answer(barrier, new Aio.CommandFailed(barrier.Barrier, cause, AioOutcome.NotPerformed));
        }
        else if (barrier.Barrier is Aio.Flush)
        {
            home.ReadyFlushes.Add(barrier);
            loop.Syncs.Start(barrier.File);
        }
        else
        {
            home.ReadyExclusive = barrier;
            StartExclusive(barrier.File);
        }
    }

    /// <summary>Home shard: carries out the exclusive barrier that is ready, if nothing else is under way for the file.</summary>
    public void StartExclusive(AioFile file)
    {
        var home = file.Home;
        if (home.ReadyExclusive is not { } barrier || home.Running || home.Growing || home.Flushing is not null ||
            home.ReadyFlushes.Count > 0)
        {
            return;
        }

        home.Running = true;
        var shard = loop.Shard;
        aio.RunBlocking(() =>
            shard.Tell(new ExclusiveDone(barrier, AioExt.ErrorOf(() => Perform(barrier.Barrier))), shard.Ref));
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
            case Aio.PunchHole punch:
                file.Handle.PunchHole(punch.Offset, punch.Length);
                break;
            case Aio.RefreshLength:
                file.Extent.Refresh(file.Handle);
                break;
            case Aio.Close when !file.Open.DescriptorLeaked:
                file.Release();
                break;
            default:
                break;
        }
    }

    /// <summary>Home shard: it has been carried out.</summary>
    public void OnExclusiveDone(ExclusiveDone done)
    {
        var (barrier, error) = done;
        var file = barrier.File;
        file.Home.Running = false;
        file.Home.ReadyExclusive = null;
        Answer(barrier, error is null
            ? SuccessOf(barrier.Barrier)
            : new Aio.CommandFailed(barrier.Barrier, error, AioOutcome.MayHaveHappened));
        loop.Replies.TellAll(); // before those of the commands behind it, which other shards answer
        if (barrier.Barrier is Aio.Close)
        {
            aio.Manager.Tell(new FileClosed(file.Open), loop.Shard.Ref);
            return;
        }

        foreach (var lane in file.Lanes)
        {
            if (lane.Shard == loop.Shard)
            {
                Release(lane);
            }
            else
            {
                lane.Shard.Tell(new BarrierReleased(barrier), loop.Shard.Ref);
            }
        }
    }

    private static Aio.Event SuccessOf(Aio.BarrierCommand command) => command switch
    {
        Aio.SetLength set => new Aio.LengthSet(set),
        Aio.Allocate allocate => new Aio.Allocated(allocate),
        Aio.PunchHole punch => new Aio.HolePunched(punch),
        Aio.RefreshLength refresh => new Aio.LengthRefreshed(refresh, refresh.File.Extent.Length),
        Aio.Close close => new Aio.Closed(close),
        _ => throw new InvalidOperationException($"not an exclusive barrier: {command}"),
    };

    /// <summary>Every lane: what was held goes on, in its order; a barrier among it may hold the rest again.</summary>
    public void Release(FileLane lane)
    {
        var held = lane.Held;
        lane.Held = null;
        while (held?.First is { } next)
        {
            if (next is not Operation operation)
            {
                held.Remove(next);
                Accept(((HeldBarrier)next).Barrier);
                continue;
            }

            loop.Admission.TakeOut(operation);
            if (lane.Held is { } again)
            {
                loop.Admission.WaitInLane(operation, Place.Held, again);
            }
            else
            {
                loop.Admission.GoOnBehindBarrier(operation);
            }
        }

        if (!lane.HasWaiting)
        {
            _lanes.Remove(lane);
        }
    }

    /// <summary>Home shard: it is over, with this reply, unless it has had one.</summary>
    public void Answer(FileBarrier barrier, Aio.Event reply)
    {
        // Once, however often: an end of the system may answer it too.
        if (barrier.IsAtHome)
        {
            barrier.IsAtHome = false;
            loop.Accepted.Remove(barrier);
            if (barrier.Barrier is not (Aio.Flush or Aio.Close))
            {
                barrier.File.ExclusiveAnswered();
            }
        }

        loop.Replies.Add(barrier.TakeRequester(), reply);
    }
}
