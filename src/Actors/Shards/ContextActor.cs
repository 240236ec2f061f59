using System.Diagnostics;
using Akka.Actor;
using Akka.Dispatch.MessageQueues;
using Akka.Event;
using AkkaAio.Files;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Routing;
using AkkaAio.Telemetry;

namespace AkkaAio.Shards;

/// <summary>
/// A shard: accepts commands, prepares them in slots and submits them in batches. Completions do not come back here: whoever reaps, by
/// default its thread when it has nothing else to do (<see cref="ShardReap"/>), replies to the requester.
/// </summary>
/// <remarks>
/// <code>
/// command ──► Accept ──► Stage ──────────────► Submit ──► kernel ──► ShardReap ──► requester
///               │  no free slot ▲  batch full, or
///               └──► queue ─────┘  mailbox empty
///             refused: CommandFailed at once
/// </code>
/// This file: the way of a command to its place in the next batch, which <see cref="Submitter"/> gives to the kernel.
/// <c>ContextActor.Barriers.cs</c>: Flush, SetLength, Allocate, Close. <c>ContextActor.Growth.cs</c>: writes beyond the end of a file.
/// <c>ContextActor.Cancel.cs</c>: Cancel. <c>ContextActor.Lifecycle.cs</c>: start, restart, drain, stop. <c>ContextActor.Stuck.cs</c>: what
/// another thread does while the shard's is stuck inside io_submit.
/// </remarks>
internal sealed partial class ContextActor : UntypedActor
{
    // Under a burst the mailbox is long: how many commands to queue before looking whether the reaper has freed slots.
    private const int LookForSlotsEvery = 64;

    private readonly AioExt _aio;
    private readonly Shard _shard;
    private readonly ShardCounters _counters;
    private readonly ActorCell _cell;
    private readonly IActorRef _self;
    private readonly IActorRef _parent;
    private readonly IMessageQueue _messages;
    private readonly ILoggingAdapter _log = new SafeLog(Context.GetLogger());

    // Accepted, counted in their lanes, waiting for a slot.
    private readonly FairQueue _queue = new();

    private readonly PumpMark _pumpMark = new();
    private bool _pumpIsTold;

    // The command in hand, until it has a reply or a place: if this actor throws, its reply is due.
    private Aio.TransferCommand? _inHand;
    private IActorRef _inHandFrom = ActorRefs.Nobody;

    // What comes after it in its batch.
    private ReadOnlyMemory<Aio.FileCommand> _restOfBatch;
    private IActorRef _batchFrom = ActorRefs.Nobody;

    public ContextActor(AioExt aio, Shard shard)
    {
        _aio = aio;
        _shard = shard;
        _counters = shard.Counters;
        _cell = (ActorCell)Context;
        _self = Self;
        _parent = Context.Parent;
        _messages = _cell.Mailbox!.MessageQueue;
        shard.Messages = _messages;
        shard.Actor = this;
    }

    protected override void OnReceive(object message)
    {
        if (!Handle(message, Sender))
        {
            Unhandled(message);
        }

        // While messages wait, the batch gathers more of them; it never waits for messages to come.
        if (!_cell.HasMessages)
        {
            Pump();
        }
        else if (!_pumpIsTold)
        {
            _pumpIsTold = true; // what waits may be a message that Akka answers without us, and then nobody would pump
            _self.Tell(_pumpMark, _self);
        }
    }

    // Runs on another thread while the shard's own is stuck inside io_submit (ContextActor.Stuck.cs): nothing here uses Akka's Context.
    // False: not a message of ours.
    private bool Handle(object message, IActorRef sender)
    {
        switch (message)
        {
            case Aio.TransferCommand command:
                Accept(command, sender);
                break;
            case ShardBatch batch:
                AcceptBatch(batch.Transfers, sender);
                break;
            case ReapNotice:
                _submitter?.Resume();
                Pump(); // also in front of waiting messages: free slots and a full queue must not idle the device
                break;
            case FileBarrier barrier:
                OnBarrier(barrier);
                break;
            case BarriersArrived arrived:
                OnArrived(arrived);
                break;
            case BarrierReleased released:
                Release(released.Barrier.File.LaneOn(_shard));
                break;
            case DataSyncDone done:
                OnDataSyncDone(done);
                break;
            case ExclusiveDone done:
                OnExclusiveDone(done);
                break;
            case Grow grow:
                OnGrow(grow);
                break;
            case GrowDone done:
                OnGrowDone(done);
                break;
            case TailUnwanted unwanted:
                MarkTail(unwanted.Lane);
                break;
            case ContinueSlot rest:
                OnContinue(rest);
                break;
            case BlockingDone done:
                OnBlockingDone(done);
                break;
            case Aio.AwaitRoom room when AioRef.ShardOf(room, _aio) == _shard:
                _shard.RoomWaiters.Add((room, sender));
                break;
            case Aio.Cancel { Command: not Aio.Cancel } cancel when AioRef.ShardOf(cancel, _aio) == _shard:
                OnCancel(cancel, sender);
                break;
            case RetrySubmit:
                _submitter?.Resume();
                break;
            case RetrySetup:
                RetryOpenContext();
                break;
            case PumpMark mark:
                _pumpIsTold &= mark != _pumpMark; // one of an earlier incarnation says nothing of ours: two would call for each other for ever
                break;
            case Drain:
                _shard.Draining = true;
                break;
            case Aio.Command or Aio.Batch:
                _aio.Ref.Tell(message, sender); // told to a shard's ref by hand
                break;
            default:
                return false;
        }

        return true;
    }

    private void AcceptBatch(ReadOnlyMemory<Aio.FileCommand> transfers, IActorRef requester)
    {
        _batchFrom = requester;
        _restOfBatch = transfers;
        while (!_restOfBatch.IsEmpty)
        {
            var command = (Aio.TransferCommand)_restOfBatch.Span[0];
            _restOfBatch = _restOfBatch[1..];
            Accept(command, requester);
        }

        _restOfBatch = default; // an empty slice keeps the commands, and their files
    }

    private void Accept(Aio.TransferCommand command, IActorRef requester)
    {
        (_inHand, _inHandFrom) = (command, requester);

        // Now: once it is staged it may be answered, and an awaited one be another by the end of this method.
        var extent = command.IsWrite ? command.File.Extent : null;
        var end = command.Offset + command.Length;
        var lane = command.File.Aio == _aio ? command.File.LaneOn(_shard) : null;
        var accepted = false;
        if (lane is null || lane.Shard != _shard)
        {
            _aio.Ref.Tell(command, requester); // told to a shard's ref by hand
        }
        else if (RefusalOf(command, lane) is { } cause)
        {
            requester.Reply(new Aio.CommandFailed(command, cause, AioOutcome.NotPerformed), _shard.Sender, _log);
        }
        else if (command.Length == 0)
        {
            requester.Reply(EmptyReply(command), _shard.Sender, _log);
        }
        else if (lane.Held is null && MayStage(lane.File) && !MustGrow(command) && _inFlight!.TryTake() is { } slot)
        {
            if (TryStart(command, lane, out var epoch))
            {
                Stage(slot, new Queued(command, requester, lane, epoch));
                accepted = true;
            }
            else
            {
                _inFlight.GiveBack(slot);
                AcceptGrowing(command, requester, lane);
            }
        }
        else if (_queue.Count + _shard.HeldCommands >= _aio.Settings.MaxQueueSize)
        {
            _counters.Overloads++;
            var overloaded = new AioOverloadedException(
                command.Name, command.File.Path, _shard.Index, _aio.Settings.MaxQueueSize);
            requester.Reply(new Aio.CommandFailed(command, overloaded, AioOutcome.NotPerformed), _shard.Sender, _log);
        }
        else if (lane.Held is { } held)
        {
            held.Add(new Waiting { Queued = new Queued(command, requester, lane, Epoch: 0) }); // counted in its lane when it goes on
            _shard.HeldCommands++;
        }
        else
        {
            Enqueue(command, requester, lane);
            accepted = true;
        }

        (_inHand, _inHandFrom) = (null, ActorRefs.Nobody);
        if (_queue.Count % LookForSlotsEvery == 1 && _inFlight is not null)
        {
            _inFlight.WantNotice();
            StageQueued();
        }

        // Not for one that is refused: its file may be closed.
        if (accepted && extent is not null && lane!.File.GrowAhead > 0 && extent.TakeGrowAhead(end))
        {
            GrowAhead(lane.File);
        }
    }

    private void Enqueue(Aio.TransferCommand command, IActorRef requester, FileLane lane)
    {
        if (MustGrow(command) || !TryStart(command, lane, out var epoch))
        {
            AcceptGrowing(command, requester, lane);
            return;
        }

        Enqueue(new Queued(command, requester, lane, epoch, Stopwatch.GetTimestamp()));
    }

    private void Enqueue(Queued queued)
    {
        if (_shard.Gate.IsVisited && MayStage(queued.Lane.File) && _inFlight!.TryTake() is { } slot)
        {
            Stage(slot, queued);
            return;
        }

        _queue.Enqueue(queued);
        _counters.Queued = _queue.Count;
        _lookedThroughFor = -1;
    }

    // Behind those that wait; and while the shard's thread is stuck with operations of one device, past them on another.
    private bool MayStage(AioFile file) =>
        _shard.Gate.IsVisited ? !_submitter!.IsStagedFor(file.Device) : _queue.Count == 0;

    private AioException? RefusalOf(Aio.TransferCommand command, FileLane lane) =>
        lane.Closing ? new AioClosedException(command.Name, command.File.Path, "the file is closed")
        : _shard.Draining ? new AioClosedException(command.Name, command.File.Path, "the actor system is shutting down")
        : _unavailable is { } cause ? new AioUnavailableException(command.Name, command.File.Path, _shard.Index, cause)
        : CommandChecks.Check(command);

    private Aio.Event EmptyReply(Aio.TransferCommand command) => command switch
    {
        Aio.Read read => _aio.Pool.TryRent(0, read) is { } buffer
            ? new Aio.ReadCompleted(read, buffer)
            : new Aio.CommandFailed(read, Preparation.NoBudget(0, _aio.Pool), AioOutcome.NotPerformed),
        Aio.ReadInto read => new Aio.ReadIntoCompleted(read, 0),
        Aio.Write write => new Aio.WriteCompleted(write),
        Aio.ReadV read => new Aio.ReadVCompleted(read, 0),
        Aio.WriteV write => new Aio.WriteVCompleted(write),
        _ => throw new InvalidOperationException($"no such command: {command}"),
    };

    /// <summary>Submits what is staged, stages what is queued, and lets barriers pass that wait no longer; as far as it goes now.</summary>
    private void Pump()
    {
        bool progress;
        do
        {
            StageQueued();
            progress = _submitter?.Submit() == true;
            progress |= PassBarriers();
            if (!progress && NeedsNotice())
            {
                // Look once more after asking: the last event may have come in between, and then no notice will.
                _inFlight!.WantNotice();
                var waiting = _queue.Count > 0 || _shard.WantedDataSyncs.Count > 0;
                progress = (waiting && !_submitter!.IsFlowControlled && !_submitter.IsFull && _inFlight.HasFree) || PassBarriers();
            }
        }
        while (progress);

        TellRoom();
        if (_shard.Draining)
        {
            TellWhenDrained();
        }
    }

    // At half, and not at the first free place: a producer that is woken for each would be refused again at once.
    private void TellRoom()
    {
        var free = _aio.Settings.MaxQueueSize - _queue.Count - _shard.HeldCommands;
        var waiters = _shard.RoomWaiters;
        if (waiters.Count == 0 || free < (_aio.Settings.MaxQueueSize + 1) / 2)
        {
            return;
        }

        var credit = Math.Max(1, free / waiters.Count);
        foreach (var (command, requester) in waiters)
        {
            requester.Reply(new Aio.RoomAvailable(command, credit), _shard.Sender, _log);
        }

        waiters.Clear();
    }

    private bool NeedsNotice() =>
        _inFlight is not null && (_queue.Count > 0 || _shard.WantedDataSyncs.Count > 0 ||
                                  _shard.LanesWaiting.Count > 0 || _shard.Draining);

    private void StageQueued()
    {
        if (_submitter is not { } submitter)
        {
            return;
        }

        if (!_shard.Gate.MaySubmit)
        {
            if (_shard.Gate.IsVisited)
            {
                StageForStuckThread();
            }

            return;
        }

        submitter.StageReady();
        while (!submitter.IsFull && _shard.WantedDataSyncs.Count > 0 && _inFlight!.TryTake() is { } slot)
        {
            StageDataSync(slot, _shard.WantedDataSyncs.Dequeue());
        }

        var now = 0L;
        while (!submitter.IsFull && _queue.Count > 0 && _inFlight!.TryTake() is { } slot)
        {
            _queue.TryDequeue(out var queued);
            now = now == 0 ? Stopwatch.GetTimestamp() : now;
            _shard.Telemetry.Dequeued(now - queued.At);
            Stage(slot, queued);
            _counters.Queued = _queue.Count;
        }
    }

    /// <summary>Prepares an operation in a slot, and submits when enough are staged.</summary>
    private void Stage(Slot slot, Queued queued)
    {
        slot.State = SlotState.Staged;
        slot.Command = queued.Command;
        _inHand = null; // it has a place: from here on it is found there
        slot.Requester = queued.Requester;
        slot.Lane = queued.Lane;
        slot.Epoch = queued.Epoch;
        if (Preparation.Prepare(slot, _aio.Pool) is { } cause)
        {
            Settlement.Fail(slot, cause, _shard.Sender, AioOutcome.NotPerformed);
            GiveBack(slot);
        }
        else if (!_aio.Submits(queued.Lane.File) || slot.ExtendsByWriting || _shard.Gate.IsVisited)
        {
            if (!AnsweredFromCache(slot))
            {
                RunBlocking(slot);
            }
        }
        else
        {
            slot.Flags |= _submitter!.NoWait.FlagFor(queued.Lane.File.Device, slot.IsWrite);
            _submitter.Add(slot);
        }
    }

    private void FailStaged(Slot slot, Errno error)
    {
        if (slot.Opcode == IoOpcode.DataSync)
        {
            FailDataSync(slot, error);
            return;
        }

        _counters.OfShard.Fail(slot.Opcode, error);
        Settlement.Fail(
            slot, Settlement.ErrorOf(slot, error), _shard.Sender,
            slot is { Done: 0, ShortWrites: 0 } ? AioOutcome.NotPerformed : Settlement.OutcomeOf(slot));
        GiveBack(slot);
    }

    private void OnContinue(ContinueSlot rest)
    {
        if (rest.InFlight != _inFlight || rest.InFlight.StopRequested)
        {
            return; // its reaper answered it as it stopped
        }

        var slot = rest.Slot;
        if (slot.MustLook || (_shard.Gate.IsVisited && MayStage(slot.Lane.File)))
        {
            RunBlocking(slot);
            return;
        }

        if (rest.Refusal is not { } refusal)
        {
            slot.State = SlotState.Staged;
            _submitter!.Enqueue(slot);
            return;
        }

        slot.Flags &= ~RwFlags.NoWait;
        _submitter!.NoWait.FellBack(slot.Lane.File.Device, slot.IsWrite);
        if ((Errno)(-refusal) == Errno.EOPNOTSUPP)
        {
            _submitter.NoWait.IsUnsupported(slot.Lane.File.Device, slot.IsWrite);
        }

        RunBlocking(slot);
    }

    private bool AnsweredFromCache(Slot slot)
    {
        if (!slot.MayBeCached)
        {
            return false;
        }

        if (!slot.Lane.File.Handle.TryReadCached(
                slot.Buffer!.UncheckedSpan(slot.BufferStart, slot.Total), slot.Start, out var count))
        {
            _counters.CacheMisses++;
            return false;
        }

        _counters.CacheHits++;
        if (Settlement.Settle(slot, count, _shard.Sender, _counters.OfShard) == Settled.Continue)
        {
            return false; // it ends before what we take for the end of the file
        }

        GiveBack(slot);
        return true;
    }

    // What would be done inside io_submit, on this thread: all of buffered I/O, and direct I/O that RWF_NOWAIT refuses.
    private void RunBlocking(Slot slot)
    {
        slot.State = SlotState.Blocking;
        _shard.Blocking.Add(slot);
        var inFlight = _inFlight!;
        _aio.RunBlocking(() => _shard.Tell(new BlockingDone(inFlight, slot, BlockingIo.Run(slot)), _self));
    }

    private void OnBlockingDone(BlockingDone done)
    {
        var slot = done.Slot;
        if (Settlement.Settle(slot, done.Result, _shard.Sender, _counters.OfShard) == Settled.Continue)
        {
            _aio.RunBlocking(() => _shard.Tell(done with { Result = BlockingIo.Run(slot) }, _self));
            return;
        }

        _shard.Blocking.Remove(slot);
        slot.Lane.Undo(slot.IsWrite, slot.Epoch);
        if (done.InFlight == _inFlight) // else it was an earlier incarnation's
        {
            _inFlight.GiveBack(slot);
        }
    }

    // An accepted operation that the reaper never had is answered.
    private void GiveBack(Slot slot)
    {
        slot.Lane.Undo(slot.IsWrite, slot.Epoch);
        _inFlight!.GiveBack(slot);
    }
}
