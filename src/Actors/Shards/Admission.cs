using System.Diagnostics;
using Akka.Actor;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>Takes commands in: refuses, holds, queues or stages them, and tells requesters of room.</summary>
internal sealed class Admission(AioExt aio, ShardLoop loop)
{
    private readonly ShardCounters _counters = loop.Shard.Counters;

    // Requesters that wait for room in the queue.
    private readonly WaitingList _roomWaiters = new();

    /// <summary>Operations that wait for a slot.</summary>
    public FairQueue Queue { get; } = new();

    /// <summary>Operations that wait in lanes: behind barriers, or for a longer file.</summary>
    public int HeldCount { get; private set; }

    public bool HasRoomWaiters => _roomWaiters.Count > 0;

    /// <summary>A command for this shard.</summary>
    public void Accept(Aio.TransferCommand command, IActorRef requester)
    {
        loop.AssertHeld();
        var file = command.File;
        var lane = file.Aio == aio ? file.LaneOn(loop.Shard) : null;
        if (lane is null || lane.Shard != loop.Shard)
        {
            aio.Ref.Tell(command, requester); // told to a shard's ref by hand
            return;
        }

        // From here on it owes a reply, whatever throws.
        var operation = loop.NewOperation(lane);
        (operation.Transfer, operation.Requester) = (command, requester);
        operation.Opcode = command.IsWrite ? IoOpcode.Write : IoOpcode.Read;
        loop.Accepted.Add(operation);
        var end = command.Offset + command.Length;
        if (RefusalOf(operation) is { } cause)
        {
            loop.Refuse(operation, cause);
        }
        else if (command.Length == 0)
        {
            FinishEmpty(operation);
        }
        else if (lane.Held is null && loop.MayStage(file) && loop.Slots.HasFree && FileGrowth.TryStart(operation))
        {
            loop.Stage(operation);
            GrowAhead(command, end);
        }
        else if (Queue.Count + HeldCount >= aio.Settings.MaxQueueSize)
        {
            _counters.Overloads++;
            loop.Refuse(operation, new AioOverloadedException(command.Name, file.Path, loop.Shard.Index, aio.Settings.MaxQueueSize));
        }
        else if (lane.Held is { } held)
        {
            WaitInLane(operation, Place.Held, held); // counted in its lane when it goes on
        }
        else
        {
            Enqueue(operation);
            GrowAhead(command, end);
        }
    }

    /// <summary>
    /// One that was held behind a barrier goes on: only now it is checked and started. The queue's bound does not apply again. What has
    /// been started already is performed in any case (<see cref="Enqueue"/>).
    /// </summary>
    public void GoOnBehindBarrier(Operation operation)
    {
        if (RefusalOf(operation) is { } cause)
        {
            loop.Refuse(operation, cause);
        }
        else
        {
            Enqueue(operation);
        }
    }

    /// <summary>To the queue; or, of a write behind the end, to those that wait for a longer file.</summary>
    public void Enqueue(Operation operation)
    {
        if (!operation.IsStarted && !FileGrowth.TryStart(operation))
        {
            loop.Growth.Wait(operation);
            return;
        }

        if (loop.Shard.Gate.IsVisited && loop.MayStage(operation.File) && loop.Slots.HasFree)
        {
            loop.Stage(operation);
            return;
        }

        operation.Place = Place.Queued;
        operation.QueuedAt = Stopwatch.GetTimestamp();
        Queue.Enqueue(operation);
        _counters.Queued = Queue.Count;
        loop.Stuck.QueueHasChanged();
    }

    /// <summary>It waits in its lane: behind a barrier, or for a longer file.</summary>
    public void WaitInLane(Operation operation, Place place, WaitingList list)
    {
        operation.Place = place;
        list.Add(operation);
        HeldCount++;
    }

    /// <summary>Takes one that waits (<see cref="Operation.IsWaiting"/>) out of its list.</summary>
    public void TakeOut(Operation operation)
    {
        if (operation.Place == Place.Queued)
        {
            Queue.Remove(operation);
            _counters.Queued = Queue.Count;
        }
        else
        {
            operation.List!.Remove(operation);
            HeldCount--;
        }

        operation.Place = Place.InHand;
    }

    /// <summary>A requester waits for room in the queue.</summary>
    public void AwaitRoom(Aio.AwaitRoom room, IActorRef requester)
    {
        var waiter = new RoomWaiter(room, requester);
        loop.Accepted.Add(waiter);
        _roomWaiters.Add(waiter);
    }

    /// <summary>Tells those that wait for room. At half, and not at the first free place: a producer that is woken for each would be
    /// refused again at once.</summary>
    public void TellRoom()
    {
        var free = aio.Settings.MaxQueueSize - Queue.Count - HeldCount;
        if (_roomWaiters.Count == 0 || free < (aio.Settings.MaxQueueSize + 1) / 2)
        {
            return;
        }

        var credit = Math.Max(1, free / _roomWaiters.Count);
        while (_roomWaiters.First is RoomWaiter waiter)
        {
            _roomWaiters.Remove(waiter);
            loop.Accepted.Remove(waiter);
            loop.Replies.Add(waiter.TakeRequester(), new Aio.RoomAvailable(waiter.Room, credit));
        }
    }

    private void GrowAhead(Aio.TransferCommand command, long end)
    {
        if (command.IsWrite)
        {
            loop.Growth.GrowAhead(command.File, end);
        }
    }

    private AioException? RefusalOf(Operation operation)
    {
        var command = operation.Transfer;
        return operation.Lane.Closing ? new AioClosedException(command.Name, command.File.Path, "the file is closed")
            : loop.Draining ? new AioClosedException(command.Name, command.File.Path, "the actor system is shutting down")
            : loop.Unavailable is { } cause ? new AioUnavailableException(command.Name, command.File.Path, loop.Shard.Index, cause)
            : CommandChecks.Check(command);
    }

    private void FinishEmpty(Operation operation)
    {
        var command = operation.Transfer;
        if (command is Aio.RentRead read && aio.Pool.TryRent(0, read) is var buffer)
        {
            loop.Replies.Add(operation.TakeRequester(), buffer is not null
                ? new Aio.RentReadCompleted(read, buffer)
                : new Aio.CommandFailed(read, OperationMemory.NoBudget(0, aio.Pool), AioOutcome.NotPerformed));
        }
        else
        {
            loop.Replies.Add(operation.TakeRequester(), command switch
            {
                Aio.ReadInto into => new Aio.ReadIntoCompleted(into, 0),
                Aio.Write write => new Aio.WriteCompleted(write),
                Aio.ReadV readV => new Aio.ReadVCompleted(readV, 0),
                Aio.WriteV writeV => new Aio.WriteVCompleted(writeV),
                _ => throw new InvalidOperationException($"no such command: {command}"),
            });
        }

        loop.Finish(operation);
    }
}
