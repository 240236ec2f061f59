using Akka.Actor;
using AkkaAio.Files;
using AkkaAio.Routing;

namespace AkkaAio.Shards;

// Writes beyond the end of a direct file. The kernel does such a write synchronously, inside io_submit, and would hold up the whole
// shard. So the file is made longer first, by fallocate on a blocking thread, one growth of a file at a time, and the write goes into
// allocated blocks like any other:
//
//   write beyond AllocatedEnd ──► lane.Growing ──► Grow to the home shard ──► fallocate ──► GrowDone to all lanes ──► queue
//
// One growth serves all writes that are waiting. With GrowAhead it goes further than they do, so that an appending file stops here once
// in many writes. What a write leaves unwritten, because it was cancelled or failed, is taken back when no write of the file is under way.
internal sealed partial class ContextActor
{
    private static bool MustGrow(Aio.TransferCommand command) =>
        command.IsWrite && command.File.IsDirect && !command.File.IsBlockDevice && !command.File.Extent.ExtendsByWriting &&
        command.Offset + command.Length > command.File.Extent.AllocatedEnd;

    // Counts an operation as started. False: it is a write into what is being taken back, and must wait for the next growth.
    private static bool TryStart(Aio.TransferCommand command, FileLane lane, out int epoch)
    {
        epoch = lane.Start(command.IsWrite);
        if (!command.IsWrite || !command.File.IsDirect || command.Offset + command.Length <= command.File.Extent.Length)
        {
            return true;
        }

        Interlocked.MemoryBarrier(); // either FileExtent.TakeTailBack sees that it has started, or this sees the file's new end
        if (!MustGrow(command))
        {
            return true;
        }

        lane.Undo(write: true, epoch);
        return false;
    }

    private void AcceptGrowing(Aio.TransferCommand command, IActorRef requester, FileLane lane)
    {
        // All that is known to be wrong with it, now: a write that is refused has not made the file longer.
        if (Preparation.RefusalBeforeGrowth(command, _aio.Pool) is { } cause)
        {
            requester.Reply(new Aio.CommandFailed(command, cause, AioOutcome.NotPerformed), _shard.Sender, _log);
            return;
        }

        lane.Growing.Enqueue(new Queued(command, requester, lane, lane.Start(write: true)));
        _shard.HeldCommands++;
        _shard.LanesWaiting.Add(lane);
        AskToGrow(command);
    }

    private void AskToGrow(Aio.TransferCommand command) => AskToGrow(new Grow(command.File, RangeOf(command)));

    private static GrowthRange RangeOf(Aio.TransferCommand command) => new(command.Offset, command.Offset + command.Length);

    private void AskToGrow(Grow grow)
    {
        if (grow.File.HomeShard == _shard)
        {
            OnGrow(grow);
        }
        else
        {
            grow.File.HomeShard.Tell(grow, _self);
        }
    }

    private void GrowAhead(AioFile file)
    {
        var end = file.Extent.AllocatedEnd;
        AskToGrow(new Grow(file, new GrowthRange(end, end + file.OffsetAlignment)));
    }

    // Home shard.
    private void OnGrow(Grow grow)
    {
        var home = grow.File.Home;
        if (home.ReadyExclusive is not null)
        {
            return; // then no write waits: this was for a growth ahead, which is not needed any more
        }

        home.Growth.Add(grow.Write);
        if (!home.Growing)
        {
            StartGrowing(grow.File);
        }
    }

    private void StartGrowing(AioFile file)
    {
        var home = file.Home;
        var writes = home.Growth;
        home.Growth = [];
        home.Growing = true;
        _aio.RunBlocking(() =>
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

    // Every lane; at the home shard first of all the end of this growth.
    private void OnGrowDone(GrowDone done)
    {
        if (done.File.HomeShard == _shard)
        {
            OnGrown(done.File);
        }

        var lane = done.File.LaneOn(_shard);
        if (lane.GrowthsToTakeBack > 0)
        {
            lane.GrowthsToTakeBack--;
            OnTailUnwanted(lane);
        }

        if (done.File.GrowAhead == 0)
        {
            MarkTail(lane); // it may have come too late for its writes: a cut came in between
        }

        for (var i = lane.Growing.Count; i > 0; i--)
        {
            var waiting = lane.Growing.Dequeue();
            var error = _unavailable is { } cause
                ? new AioUnavailableException(waiting.Command.Name, done.File.Path, _shard.Index, cause)
                : done.Failed.GetValueOrDefault(RangeOf(waiting.Command));
            if (error is not null)
            {
                _shard.HeldCommands--;
                waiting.Requester.Reply(new Aio.CommandFailed(waiting.Command, error, AioOutcome.NotPerformed), _shard.Sender, _log);
                lane.Undo(write: true, waiting.Epoch);
                OnTailUnwanted(lane);
            }
            else if (!MustGrow(waiting.Command))
            {
                _shard.HeldCommands--;
                Enqueue(waiting);
            }
            else
            {
                lane.Growing.Enqueue(waiting);
                AskToGrow(waiting.Command);
            }
        }
    }

    private void OnGrown(AioFile file)
    {
        var home = file.Home;
        home.Growing = false;
        home.Growth.RemoveAll(write => file.Extent.ExtendsByWriting || write.To <= file.Extent.AllocatedEnd);
        if (home.Growth.Count > 0 && home.ReadyExclusive is null)
        {
            StartGrowing(file); // asked for meanwhile
        }
        else
        {
            home.Growth.Clear();
        }

        StartExclusive(file);
    }

    // A write that the file was made longer for has come to nothing.
    private void OnTailUnwanted(FileLane lane)
    {
        MarkTail(lane);
        foreach (var other in lane.File.Lanes)
        {
            if (other != lane)
            {
                other.Shard.Tell(new TailUnwanted(other), _self); // the last lane that has no write under way takes it back
            }
        }
    }

    private void MarkTail(FileLane lane)
    {
        lane.IsTailUnwanted = true;
        _shard.LanesWaiting.Add(lane);
    }

    // When no write is under way.
    private void TakeTailBack(FileLane lane)
    {
        var file = lane.File;
        lane.IsTailUnwanted = false;
        if (!lane.Closing && file.Extent.AllocatedEnd > file.Extent.Length) // a Close does it itself
        {
            _aio.RunBlocking(() => AioExt.ErrorOf(() => file.Extent.TakeTailBack(file.Open)));
        }
    }
}
