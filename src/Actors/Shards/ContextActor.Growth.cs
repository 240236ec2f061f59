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
// Ahead of what is asked for, so that an appending file stops here once in many writes. Close trims what was not needed.
internal sealed partial class ContextActor
{
    private static bool MustGrow(Aio.TransferCommand command) =>
        command.IsWrite && command.File.IsDirect && !command.File.IsBlockDevice &&
        command.Offset + command.Length > command.File.Extent.AllocatedEnd;

    private void AcceptGrowing(Aio.TransferCommand command, IActorRef requester, FileLane lane)
    {
        lane.Growing.Enqueue(new Queued(command, requester, lane, lane.Start(write: true)));
        _shard.HeldCommands++;
        _shard.LanesWaiting.Add(lane);
        AskToGrow(command);
    }

    private void AskToGrow(Aio.TransferCommand command) =>
        AskToGrow(new Grow(command.File, command.Offset, command.Offset + command.Length));

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
        AskToGrow(new Grow(file, end, end + file.OffsetAlignment));
    }

    // Home shard.
    private void OnGrow(Grow grow)
    {
        var home = grow.File.Home;
        if (home.ReadyExclusive is not null)
        {
            return; // then no write waits: this was for a growth ahead, which is not needed any more
        }

        if (grow.To > home.GrowTo)
        {
            (home.GrowFrom, home.GrowTo) = (grow.From, grow.To);
        }

        if (!home.Growing)
        {
            StartGrowing(grow.File);
        }
    }

    private void StartGrowing(AioFile file)
    {
        var home = file.Home;
        var (from, to) = (home.GrowFrom, home.GrowTo);
        (home.GrowFrom, home.GrowTo) = (0, 0);
        home.Growing = true;
        var aio = _aio;
        aio.RunBlocking(() =>
        {
            var error = AioExt.ErrorOf(() => file.Extent.Grow(file.Handle, from, to, aio.Settings.PreallocateAhead));
            var done = new GrowDone(file, to, error);
            foreach (var lane in file.Lanes)
            {
                lane.Shard.Tell(done, ActorRefs.NoSender);
            }
        });
    }

    // Every lane; at the home shard first of all the end of this growth.
    private void OnGrowDone(GrowDone done)
    {
        var home = done.File.Home;
        if (done.File.HomeShard == _shard)
        {
            home.Growing = false;
            if (home.GrowTo > done.File.Extent.AllocatedEnd && home.ReadyExclusive is null)
            {
                StartGrowing(done.File); // asked for meanwhile
            }
            else
            {
                (home.GrowFrom, home.GrowTo) = (0, 0);
            }

            StartExclusive(done.File);
        }

        var lane = done.File.LaneOn(_shard);
        for (var i = lane.Growing.Count; i > 0; i--)
        {
            var waiting = lane.Growing.Dequeue();
            // Only the write that reaches furthest has failed; a shorter one may still fit.
            var error = _unavailable is { } cause
                ? new AioUnavailableException(waiting.Command.Name, done.File.Path, _shard.Index, cause)
                : waiting.Command.Offset + waiting.Command.Length >= done.To ? done.Error : null;
            if (_unavailable is null && !MustGrow(waiting.Command))
            {
                _shard.HeldCommands--;
                Enqueue(waiting);
            }
            else if (error is not null)
            {
                _shard.HeldCommands--;
                waiting.Requester.Reply(new Aio.CommandFailed(waiting.Command, error, AioOutcome.NotPerformed), _shard.Sender, _log);
                lane.Undo(write: true, waiting.Epoch);
            }
            else
            {
                lane.Growing.Enqueue(waiting);
                AskToGrow(waiting.Command);
            }
        }
    }
}
