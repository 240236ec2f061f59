using Akka.Actor;
using AkkaAio.Files;

namespace AkkaAio.Shards;

/// <summary>
/// Writes beyond the end of a direct file. The kernel does such a write synchronously, inside io_submit, and would hold up the whole shard.
/// So the file is made longer first, by fallocate on a blocking thread, one growth of a file at a time, and the write goes into allocated
/// blocks like any other:
/// <code>
/// write beyond AllocatedEnd ──► lane.Growing ──► Grow to the home shard ──► fallocate ──► GrowDone to all lanes ──► queue
/// </code>
/// One growth serves all writes that are waiting. With GrowAhead it goes further than they do, so that an appending file stops here once in
/// many writes. What a write leaves unwritten, because it was cancelled or failed, is taken back when no write of the file is under way.
/// </summary>
internal sealed class FileGrowth(AioExt aio, ShardLoop loop)
{
    /// <summary>
    /// Counts an operation as started. False: it is a write behind the end, or into what is being taken back, and must wait for a growth.
    /// </summary>
    public static bool TryStart(Operation operation)
    {
        if (MustGrow(operation))
        {
            return false;
        }

        var (lane, command) = (operation.Lane, operation.Transfer);
        operation.Epoch = lane.Start(operation.IsWrite);
        operation.IsStarted = true;
        if (!operation.IsWrite || !lane.File.IsDirect || command.Offset + command.Length <= lane.File.Extent.Length)
        {
            return true;
        }

        Interlocked.MemoryBarrier(); // either FileExtent.TakeTailBack sees that it has started, or this sees the file's new end
        if (!MustGrow(operation))
        {
            return true;
        }

        lane.End(write: true, operation.Epoch);
        operation.IsStarted = false;
        return false;
    }

    /// <summary>A write waits for a longer file.</summary>
    public void Wait(Operation operation)
    {
        // All that is known to be wrong with it, now: a write that is refused has not made the file longer.
        var command = operation.Transfer;
        if (OperationMemory.RefusalBeforeGrowth(command, aio.Pool) is { } cause)
        {
            loop.Refuse(operation, cause);
            return;
        }

        var lane = operation.Lane;
        operation.Epoch = lane.Start(write: true);
        operation.IsStarted = true;
        loop.Admission.WaitInLane(operation, Place.Growing, lane.Growing);
        loop.Barriers.Wait(lane);
        Ask(new Grow(command.File, RangeOf(command)));
    }

    /// <summary>A write up to here has been accepted: with GrowAhead the next growth may be due.</summary>
    public void GrowAhead(AioFile file, long end)
    {
        if (file.GrowAhead > 0 && file.Extent.TakeGrowAhead(end))
        {
            var from = file.Extent.AllocatedEnd;
            Ask(new Grow(file, new GrowthRange(from, from + file.OffsetAlignment)));
        }
    }

    /// <summary>Home shard: a write needs a longer file.</summary>
    public void OnGrow(Grow grow)
    {
        var home = grow.File.Home;
        if (home.ReadyExclusive is not null)
        {
            return; // then no write waits: this was for a growth ahead, which is not needed any more
        }

        home.Growth.Add(grow.Write);
        if (!home.Growing)
        {
            Start(grow.File);
        }
    }

    /// <summary>Every lane; at the home shard first of all the end of this growth.</summary>
    public void OnGrowDone(GrowDone done)
    {
        if (done.File.HomeShard == loop.Shard)
        {
            OnGrown(done.File);
        }

        var lane = done.File.LaneOn(loop.Shard);
        if (lane.GrowthsToTakeBack > 0)
        {
            lane.GrowthsToTakeBack--;
            OnTailUnwanted(lane);
        }

        if (done.File.GrowAhead == 0)
        {
            MarkTail(lane); // it may have come too late for its writes: a cut came in between
        }

        for (var waiting = lane.Growing.Count; waiting > 0; waiting--)
        {
            var operation = (Operation)lane.Growing.First!;
            loop.Admission.TakeOut(operation);
            if (!MustGrow(operation) && loop.Unavailable is null && !done.Failed.ContainsKey(RangeOf(operation.Transfer)))
            {
                loop.Admission.Enqueue(operation);
            }
            else
            {
                WaitOn(operation, done);
            }
        }
    }

    /// <summary>A write that the file may have been made longer for has come to nothing.</summary>
    public void OnWriteCameToNothing(FileLane lane)
    {
        if (lane.File.Extent is { HasGrown: true } extent && extent.AllocatedEnd > extent.Length)
        {
            OnTailUnwanted(lane);
        }
    }

    /// <summary>What is unwritten behind the end is to be taken back when this lane has no write under way.</summary>
    public void MarkTail(FileLane lane)
    {
        lane.IsTailUnwanted = true;
        loop.Barriers.Wait(lane);
    }

    /// <summary>No write of the lane is under way.</summary>
    public void TakeTailBack(FileLane lane)
    {
        var file = lane.File;
        lane.IsTailUnwanted = false;
        if (!lane.Closing && file.Extent.AllocatedEnd > file.Extent.Length) // a Close does it itself
        {
            aio.RunBlocking(() => AioExt.ErrorOf(() => file.Extent.TakeTailBack(file.Open)));
        }
    }

    private static bool MustGrow(Operation operation)
    {
        var file = operation.File;
        return operation.IsWrite && file.IsDirect && !file.IsBlockDevice && !file.Extent.ExtendsByWriting &&
               operation.Transfer.Offset + operation.Transfer.Length > file.Extent.AllocatedEnd;
    }

    private static GrowthRange RangeOf(Aio.TransferCommand command) => new(command.Offset, command.Offset + command.Length);

    private void Ask(Grow grow)
    {
        if (grow.File.HomeShard == loop.Shard)
        {
            OnGrow(grow);
        }
        else
        {
            grow.File.HomeShard.Tell(grow, loop.Shard.Ref);
        }
    }

    private void Start(AioFile file)
    {
        var home = file.Home;
        var writes = home.Growth;
        home.Growth = [];
        home.Growing = true;
        aio.RunBlocking(() =>
        {
            IReadOnlyDictionary<GrowthRange, Exception> failed = new Dictionary<GrowthRange, Exception>();
            if (AioExt.ErrorOf(() => failed = file.Extent.Grow(file.Handle, writes, file.GrowAhead)) is { } error)
            {
                failed = writes.Distinct().ToDictionary(write => write, _ => error);
            }

            var done = new GrowDone(file, failed);
            foreach (var lane in file.Lanes)
            {
                lane.Shard.Tell(done, ActorRefs.NoSender);
            }
        });
    }

    // It fails, or waits for the next growth.
    private void WaitOn(Operation operation, GrowDone done)
    {
        var (lane, command) = (operation.Lane, operation.Transfer);
        var error = loop.Unavailable is { } cause
            ? new AioUnavailableException(command.Name, done.File.Path, loop.Shard.Index, cause)
            : done.Failed.GetValueOrDefault(RangeOf(command));
        if (error is null)
        {
            loop.Admission.WaitInLane(operation, Place.Growing, lane.Growing);
            Ask(new Grow(command.File, RangeOf(command)));
            return;
        }

        loop.Refuse(operation, error);
        OnTailUnwanted(lane);
    }

    private void OnGrown(AioFile file)
    {
        var home = file.Home;
        home.Growing = false;
        home.Growth.RemoveAll(write => file.Extent.ExtendsByWriting || write.To <= file.Extent.AllocatedEnd);
        if (home.Growth.Count > 0 && home.ReadyExclusive is null)
        {
            Start(file); // asked for meanwhile
        }
        else
        {
            home.Growth.Clear();
        }

        loop.Barriers.StartExclusive(file);
    }

    // The last lane that has no write under way takes it back.
    private void OnTailUnwanted(FileLane lane)
    {
        MarkTail(lane);
        foreach (var other in lane.File.Lanes)
        {
            if (other != lane)
            {
                other.Shard.Tell(new TailUnwanted(other), loop.Shard.Ref);
            }
        }
    }
}
