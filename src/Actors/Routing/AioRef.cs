using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Files;
using AkkaAio.Shards;

namespace AkkaAio.Routing;

/// <summary>
/// <c>system.Aio()</c>: the manager's path over the array of shards. Routes a command for a file to the file's shard on the caller's
/// own thread, with no mailbox in between; what is no such command goes to the manager.
/// </summary>
/// <remarks>
/// Not a router pool: when a routee of one ends, most files change shard, and a PoisonPill ends them all. Here the shards are fixed.
/// </remarks>
internal sealed class AioRef(AioExt aio, IActorRef manager) : MinimalActorRef
{
    public override ActorPath Path => manager.Path;

    public override IActorRefProvider Provider => aio.System.Provider;

    public override IInternalActorRef Parent => AkkaInternals.ParentOf(manager);

    public override void SendSystemMessage(ISystemMessage message) => AkkaInternals.ForwardDeathWatch(message, manager);

    /// <summary>Ignored: it ends with the system. One careless Stop or PoisonPill would be the end of everybody's I/O.</summary>
    public override void Stop() => aio.Log.Warning("{Ref} was asked to stop; it ends with the actor system, and not before", Path);

    protected override void TellInternal(object message, IActorRef sender)
    {
        switch (message)
        {
            case Aio.FileCommand command:
                Route(command, sender);
                break;
            case Aio.Batch batch:
                foreach (var each in batch.Commands.Span)
                {
                    Route(each, sender);
                }

                break;
            case PoisonPill or Kill:
                Stop();
                break;
            default:
                aio.TellManager(message, sender);
                break;
        }
    }

    private void Route(Aio.FileCommand command, IActorRef? sender)
    {
        var file = command.File;
        if (file.Aio != aio)
        {
            Refuse(command, sender, new AioArgumentException(
                "the file belongs to another actor system", command.Name, file.Path));
            return;
        }

        switch (command)
        {
            case Aio.Cancel { Command: Aio.Cancel }:
                Refuse(command, sender, new AioArgumentException("a Cancel cannot be cancelled", command.Name, file.Path));
                break;
            case Aio.TransferCommand or Aio.BarrierCommand or Aio.AwaitRoom when aio.Refuses:
                Refuse(command, sender, new AioClosedException(command.Name, file.Path, "the actor system is shutting down"));
                break;
            case Aio.TransferCommand transfer:
                file.LaneAt(transfer.Offset).Shard.Tell(transfer, sender);
                break;
            case Aio.BarrierCommand barrier:
                TellBarrier(barrier, sender);
                break;
            default:
                ShardOf(command, aio)!.Tell(command, sender);
                break;
        }
    }

    /// <summary>The one shard that a command goes to, a barrier's home shard; null when the file belongs to another system.</summary>
    public static Shard? ShardOf(Aio.FileCommand command, AioExt aio) =>
        command.File.Aio != aio ? null : command switch
        {
            Aio.TransferCommand transfer => transfer.File.LaneAt(transfer.Offset).Shard,
            Aio.AwaitRoom room => room.File.LaneAt(room.Offset).Shard,
            Aio.Cancel { Command: not Aio.Cancel } cancel => ShardOf(cancel.Command, aio),
            _ => command.File.HomeShard,
        };

    private void TellBarrier(Aio.BarrierCommand command, IActorRef? sender)
    {
        if (CommandChecks.Check(command) is { } cause)
        {
            Refuse(command, sender, cause);
            return;
        }

        // Now: what this caller awaits from here on is later.
        if (command is Aio.Close)
        {
            command.File.Open.CloseBegins();
        }
        else if (command is not Aio.Flush)
        {
            command.File.ExclusiveTold();
        }

        var barrier = new FileBarrier(command, sender);
        var lanes = command.File.Lanes;
        if (lanes.Length == 1)
        {
            lanes[0].Shard.Tell(barrier, sender);
            return;
        }

        // From here, and not from the home shard: in each mailbox it stands behind what the caller told before it. Under the lock, so
        // that two callers' barriers stand in one order everywhere; in two orders they would wait for each other without end.
        lock (command.File.BarrierOrder)
        {
            foreach (var lane in lanes)
            {
                lane.Shard.Tell(barrier, sender);
            }
        }
    }

    private void Refuse(Aio.FileCommand command, IActorRef? sender, Exception cause) =>
        sender?.Reply(new Aio.CommandFailed(command, cause, AioOutcome.NotPerformed), command.File.HomeShard.Sender, aio.Log);
}
