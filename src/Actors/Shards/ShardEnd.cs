using Akka.Event;
using AkkaAio.Files;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// The end of an incarnation and of the shard: answers what is under way, drains the context and destroys it. What the kernel still has
/// at the deadline is leaked, memory and descriptors, because the kernel may still use them.
/// </summary>
internal sealed class ShardEnd(AioExt aio, ShardLoop loop)
{
    // A context that cannot be reaped any more must not hold up the end until the deadline, at full CPU.
    private const int MaxDrainFailures = 10;

    private readonly Shard _shard = loop.Shard;

    /// <summary>The actor restarts: what waits in lanes and on blocking threads goes on in the next incarnation.</summary>
    public void OnRestart(Exception reason)
    {
        loop.Hold();
        aio.Log.Error(reason, "Shard {ShardId} restarts; what it held is answered with AioAbortedException", _shard.Index);
        try
        {
            AbortUnsubmitted(reason);
        }
        finally
        {
            EndContext(isStuck: false);
        }
    }

    /// <summary>The actor stops for good: everything is answered.</summary>
    public void OnStop()
    {
        loop.Hold();
        try
        {
            AbortUnsubmitted(cause: null);
        }
        finally
        {
            try
            {
                EndContext(isStuck: false);
            }
            finally
            {
                AnswerAll();
            }
        }
    }

    /// <summary>
    /// A visitor, while the shard's thread is stuck inside io_submit at the end: answers everything, and leaks what the kernel has.
    /// </summary>
    public void Abandon()
    {
        EndContext(isStuck: true);
        AbortUnsubmitted(cause: null);
        AnswerAll();
    }

    /// <summary>
    /// One that the kernel has, or has done in part, has no end any more: it is answered. If the kernel has it, its memory stays where it
    /// is, and its descriptor open.
    /// </summary>
    public void Abort(Operation operation, bool isInKernel = false)
    {
        var file = operation.File;
        var cause = new AioAbortedException(
            operation.Command?.Name ?? "flush", file.Path, $"shard {_shard.Index} stopped before the kernel was done with it");
        if (isInKernel)
        {
            file.Open.LeakDescriptor();
        }
        else
        {
            operation.ReleaseMemory();
        }

        if (operation.Opcode != IoOpcode.DataSync)
        {
            loop.Replies.Add(operation.TakeRequester(), new Aio.CommandFailed(operation.Transfer, cause, operation.Outcome));
        }

        loop.LetGo(operation);
        if (operation.Opcode == IoOpcode.DataSync)
        {
            loop.Syncs.OnDone(file, cause);
        }
    }

    /// <summary>A visitor could not go on with a message: its command is answered.</summary>
    public void AbortInHand(Exception cause)
    {
        foreach (var accepted in loop.Accepted.ToArray())
        {
            if (accepted is Operation { Place: Place.InHand } operation)
            {
                AbortUnsubmitted(operation, cause);
            }
        }
    }

    // Answers what the kernel has never seen, or not the whole of.
    private void AbortUnsubmitted(Exception? cause)
    {
        foreach (var accepted in loop.Accepted.ToArray())
        {
            if (accepted is Operation { Place: Place.InHand or Place.Queued or Place.Staged } operation)
            {
                AbortUnsubmitted(operation, cause);
            }
        }

        loop.Submits = null;
        loop.Replies.TellAll();
    }

    private void AbortUnsubmitted(Operation operation, Exception? cause)
    {
        if (operation.Opcode == IoOpcode.DataSync)
        {
            loop.Syncs.WantAgain(operation);
            return;
        }

        if (operation.Place == Place.Queued)
        {
            loop.Admission.TakeOut(operation);
        }

        loop.Settlement.Fail(operation, Aborted(operation.Transfer, cause), operation.OutcomeBeforeSubmit);
        loop.Finish(operation);
    }

    private void EndContext(bool isStuck)
    {
        if (_shard.Context is not { } context)
        {
            return;
        }

        context.RequestStop();
        _shard.Reaping!.End();
        if (!isStuck)
        {
            Drain(context, aio.DrainDeadline);
        }

        var left = AbortInKernel();
        if (context.Count <= 0 && !isStuck)
        {
            context.Destroy();
            _shard.Reaping.Release();
        }
        else
        {
            aio.Log.Error(
                "Shard {ShardId}: {Count} operations were still in the kernel after {Time}; their memory and descriptors are leaked, " +
                "since the kernel may still use them{Hint}", _shard.Index, left.Count, aio.Settings.DrainTimeout,
                isStuck ? ". The shard's thread is stuck inside io_submit (a frozen or unreachable file system?)" : "");
            AbandonedContexts.Keep(context, left);
        }

        _shard.Context = null;
        loop.Replies.TellAll();
    }

    // A reap that fails has taken nothing out: what is in flight is still there, and abandoning it would leak all of its memory.
    private void Drain(ShardContext context, Deadline deadline)
    {
        var failures = 0;
        while (context.Count > 0 && failures < MaxDrainFailures && deadline.Remaining is var remaining && remaining > TimeSpan.Zero)
        {
            try
            {
                loop.TryReap(1, remaining < aio.Settings.Reap.Timeout ? remaining : aio.Settings.Reap.Timeout);
            }
            catch (Exception e)
            {
                failures++;
                aio.Log.Error(e, "Shard {ShardId}: a reap failed as the context was drained", _shard.Index);
            }

            loop.Replies.TellAll();
        }
    }

    private List<Operation> AbortInKernel()
    {
        var left = new List<Operation>();
        foreach (var accepted in loop.Accepted.ToArray())
        {
            if (accepted is Operation { Place: Place.InKernel } operation)
            {
                left.Add(operation);
                Abort(operation, isInKernel: true);
            }
        }

        return left;
    }

    private void AnswerAll()
    {
        // Barriers last: they come behind the commands before them.
        foreach (var accepted in loop.Accepted.ToArray().OrderBy(accepted => accepted is FileBarrier))
        {
            Answer(accepted);
        }

        loop.Barriers.Clear();
        loop.Syncs.Clear();
        loop.Replies.TellAll();
    }

    private void Answer(Accepted accepted)
    {
        switch (accepted)
        {
            case FileBarrier barrier:
                loop.Barriers.Answer(barrier, new Aio.CommandFailed(
                    barrier.Barrier, new AioAbortedException(barrier.Barrier.Name, barrier.File.Path, "the shard has stopped"),
                    barrier.File.Home.HasBegun(barrier) ? AioOutcome.MayHaveHappened : AioOutcome.NotPerformed));
                break;
            case Operation { Place: Place.Blocking } operation:
                // Its thread has the memory still, which comes back as a lost message, and the descriptor, which stays open until then.
                operation.File.Open.HoldAtEnd();
                loop.Replies.Add(operation.TakeRequester(), new Aio.CommandFailed(
                    operation.Transfer, Aborted(operation.Transfer, cause: null), operation.Outcome));
                loop.LetGo(operation);
                break;
            case Operation operation:
                if (operation.IsWaiting)
                {
                    loop.Admission.TakeOut(operation);
                }

                loop.Settlement.Fail(operation, Aborted(operation.Transfer, cause: null), AioOutcome.NotPerformed);
                loop.Finish(operation);
                break;
            case RoomWaiter waiter:
                waiter.List!.Remove(waiter);
                loop.Accepted.Remove(waiter);
                loop.Replies.Add(waiter.TakeRequester(), new Aio.CommandFailed(
                    waiter.Room, new AioAbortedException(waiter.Room.Name, waiter.Room.File.Path, $"shard {_shard.Index} has stopped"),
                    AioOutcome.NotPerformed));
                break;
            default:
                throw new InvalidOperationException($"nothing answers {accepted}");
        }
    }

    private AioAbortedException Aborted(Aio.TransferCommand command, Exception? cause) =>
        new(command.Name, command.File.Path,
            cause is null ? $"shard {_shard.Index} has stopped" : $"shard {_shard.Index} restarted: {cause.Message}", cause);
}
