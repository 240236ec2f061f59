using System.Diagnostics;
using Akka.Event;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>Takes completions out of the context, once into a list, and settles each; and what blocking threads have done.</summary>
internal sealed class Completions(AioExt aio, ShardLoop loop)
{
    // The most completions of one reap. Then requesters that share the thread run, and submit new work before the device runs out of it.
    // Random reads at depth 128, IOPS relative to fio: all at once 0.96, 32 at a time 0.99, 16 at a time 1.01; but with 16 two shards on a
    // RAM disk lost a third.
    private const int MostReaped = 32;

    private readonly Shard _shard = loop.Shard;
    private readonly ShardCounters _counters = loop.Shard.Counters;
    private readonly IoCompletion[] _completions = new IoCompletion[Math.Min(aio.Settings.Reap.Nr, aio.Depth)];

    /// <summary>Reaps once and answers what came; then, where something waits for that, a turn. False: nothing came.</summary>
    public bool ReapAndAnswer(int minNr, TimeSpan timeout)
    {
        loop.Hold();
        if (!TryReap(minNr, timeout))
        {
            return false;
        }

        loop.AfterReap();
        return true;
    }

    /// <summary>Another thread says that completions are there.</summary>
    public void ReapAll()
    {
        while (TryReap(0, TimeSpan.Zero))
        {
            loop.Replies.TellAll();
        }
    }

    /// <summary>Takes completions out once and settles them.</summary>
    /// <param name="minNr">How many to wait for.</param>
    /// <param name="timeout">How long.</param>
    /// <returns>False: nothing came.</returns>
    /// <exception cref="AioSystemException">The reap failed, and nothing has been taken out.</exception>
    public bool TryReap(int minNr, TimeSpan timeout)
    {
        loop.AssertHeld();
        if (_shard.Context is not { Count: > 0 } context)
        {
            return false;
        }

        var most = Math.Min(Math.Max(minNr, MostReaped), _completions.Length);
        var count = context.Queue.Reap(_completions.AsSpan(0, most), Math.Min(minNr, most), timeout);
        if (count == 0)
        {
            return false;
        }

        var reaped = Stopwatch.GetTimestamp();
        context.Count -= count;
        _counters.Reaps++;
        _counters.Reaped += count;
        loop.Submits?.Resume();
        for (var i = 0; i < count; i++)
        {
            Complete(_completions[i], reaped);
        }

        loop.Replies.Reaped(count, reaped);
        return true;
    }

    /// <summary>What would be done inside io_submit, on this thread: all of buffered I/O.</summary>
    public void RunBlocking(Operation operation)
    {
        operation.SubmittedAt = Stopwatch.GetTimestamp();
        aio.RunBlocking(() => _shard.Tell(new BlockingDone(operation, BlockingIo.Run(operation)), _shard.Ref));
        operation.Place = Place.Blocking; // not where no thread takes it
    }

    /// <summary>A blocking thread has done it, or a part of it.</summary>
    public void OnBlockingDone(BlockingDone done)
    {
        done.Operation.Place = Place.InHand;
        Settle(done.Operation, done.Result);
    }

    private void Complete(IoCompletion completion, long reaped)
    {
        var operation = loop.Slots[completion.Slot];
        _shard.Telemetry.Completed(reaped - operation.SubmittedAt);
        Settle(operation, completion.Result);
    }

    // Nothing that one operation brings with it can stop the others' completions.
    private void Settle(Operation operation, long result)
    {
        try
        {
            if (operation.Opcode == IoOpcode.DataSync)
            {
                loop.Syncs.OnReaped(operation, result < 0 ? (Errno)(-result) : Errno.None);
            }
            else if (loop.Settlement.TrySettle(operation, result))
            {
                loop.Finish(operation);
            }
            else
            {
                Continue(operation);
            }
        }
        catch (Exception e)
        {
            aio.Log.Error(e, "Shard {ShardId}: the reply to {Command} failed", _shard.Index, operation.Command);
            loop.End.Abort(operation);
        }
    }

    // A part is done.
    private void Continue(Operation operation)
    {
        var isBlocking = operation.Place == Place.InHand; // was, until now
        if (!isBlocking && _shard.Context is { StopRequested: true })
        {
            loop.End.Abort(operation); // nobody submits the rest
        }
        else if (isBlocking || operation.MustLook || (_shard.Gate.IsVisited && loop.MayStage(operation.File)))
        {
            RunBlocking(operation);
        }
        else
        {
            loop.Submits!.AddReady(operation);
        }
    }

    /// <summary>A read of a buffered file that the page cache has is done at once.</summary>
    public bool IsAnsweredFromCache(Operation operation)
    {
        if (!operation.MayBeCached)
        {
            return false;
        }

        var destination = operation.Buffer!.UncheckedSpan(operation.BufferStart, operation.Total);
        if (!operation.File.Handle.TryReadCached(destination, operation.Start, out var count))
        {
            _counters.CacheMisses++;
            return false;
        }

        _counters.CacheHits++;
        if (!loop.Settlement.TrySettle(operation, count))
        {
            return false; // it ends before what we take for the end of the file
        }

        loop.Finish(operation);
        return true;
    }
}
