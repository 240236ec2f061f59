using AkkaAio.Files;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// The fdatasyncs of the files whose home is this shard: one for all flushes that are ready when it begins.
/// </summary>
internal sealed class FileSyncs(AioExt aio, ShardLoop loop)
{
    // Files whose flushes wait for an fdatasync to be submitted.
    private readonly Queue<AioFile> _wanted = new();

    public bool HasWanted => _wanted.Count > 0;

    /// <summary>Flushes of the file are ready: an fdatasync is wanted, unless one is.</summary>
    public void Start(AioFile file)
    {
        var home = file.Home;
        if (home.SyncWanted || home.Flushing is not null || home.ReadyFlushes.Count == 0)
        {
            return;
        }

        if (home.FlushError is { } error)
        {
            FailReady(home, error);
        }
        else if (loop.Unavailable is { } cause)
        {
            FailReady(home, new AioUnavailableException("flush", file.Path, loop.Shard.Index, cause));
        }
        else
        {
            Want(file);
        }
    }

    /// <summary>Stages as many as there is room for.</summary>
    public void Stage(SubmitQueue submits)
    {
        while (_wanted.Count > 0 && !submits.IsFull && loop.Slots.HasFree)
        {
            var file = _wanted.Dequeue();
            Begin(file);
            var sync = loop.NewOperation(file.LaneOn(loop.Shard));
            sync.Opcode = IoOpcode.DataSync;
            sync.Flags = RwFlags.None;
            sync.Start = 0;
            loop.Accepted.Add(sync);
            loop.Slots.Take(sync);
            submits.Add(sync);
        }
    }

    /// <summary>A visitor, while the shard's thread is stuck inside io_submit: those that it may, on blocking threads.</summary>
    public void RunOnThreads()
    {
        for (var waiting = _wanted.Count; waiting > 0; waiting--)
        {
            var file = _wanted.Dequeue();
            if (loop.MayStage(file))
            {
                Begin(file);
                RunOnThread(file);
            }
            else
            {
                _wanted.Enqueue(file);
            }
        }
    }

    /// <summary>An fdatasync that has a slot already goes to a blocking thread.</summary>
    public void MoveToThread(Operation sync)
    {
        var file = sync.File;
        loop.Finish(sync);
        RunOnThread(file);
    }

    /// <summary>Its event has been reaped.</summary>
    public void OnReaped(Operation sync, Errno error)
    {
        loop.Shard.Counters.OfShard.DataSyncs++;
        sync.Lane.Answered.DataSyncs++;
        OnEnd(sync, error);
    }

    /// <summary>The kernel has done it, or io_submit has refused it.</summary>
    public void OnEnd(Operation sync, Errno error)
    {
        var file = sync.File;
        loop.Finish(sync);

        // A kernel before 4.18, or a file system without fsync, as read-only ones are. It says nothing of what was written: the same on a
        // thread that may block, where the file itself knows what that means for it.
        if (error is Errno.EINVAL or Errno.EOPNOTSUPP)
        {
            RunOnThread(file);
            return;
        }

        var counters = loop.Shard.Counters.OfShard;
        if (error != Errno.None)
        {
            counters.Fail(IoOpcode.DataSync, error);
            file.LaneOn(loop.Shard).Answered.Errors++;
        }

        OnDone(file, error == Errno.None ? null : new AioSystemException(error, "flush", file.Path));
    }

    /// <summary>It was staged as the shard failed: the next incarnation does it.</summary>
    public void WantAgain(Operation sync)
    {
        var file = sync.File;
        loop.Finish(sync);
        Want(file);
    }

    /// <summary>There is no context to submit them to. Nothing is lost by it, so it does not stick to the file.</summary>
    public void FailWanted(Exception cause)
    {
        while (_wanted.TryDequeue(out var file))
        {
            var home = file.Home;
            home.SyncWanted = false;
            home.ReadyFlushes.AddRange(home.Flushing ?? []); // the staged ones of the incarnation before
            home.Flushing = null;
            FailReady(home, new AioUnavailableException("flush", file.Path, loop.Shard.Index, cause));
            loop.Barriers.StartExclusive(file);
        }
    }

    /// <summary>The shard has ended.</summary>
    public void Clear() => _wanted.Clear();

    /// <summary>The fdatasync of a file has ended.</summary>
    public void OnDone(AioFile file, Exception? failure)
    {
        var home = file.Home;
        if (failure is not null)
        {
            home.StickFlushError(failure);
        }
        else
        {
            file.Extent.Flushed();
        }

        foreach (var flush in home.Flushing ?? [])
        {
            // Also of a write with Dsync that has failed meanwhile: the kernel reports a loss once, and that write may have had the report.
            loop.Barriers.Answer(flush, home.FlushError is { } error
                ? new Aio.CommandFailed(flush.Barrier, error, AioOutcome.MayHaveHappened)
                : new Aio.Flushed((Aio.Flush)flush.Barrier));
        }

        home.Flushing = null;
        Start(file);
        loop.Barriers.StartExclusive(file);
    }

    private void Want(AioFile file)
    {
        file.Home.SyncWanted = true;
        _wanted.Enqueue(file);
    }

    private void FailReady(HomeRecord home, Exception cause)
    {
        foreach (var flush in home.ReadyFlushes)
        {
            loop.Barriers.Answer(flush, new Aio.CommandFailed(flush.Barrier, cause, AioOutcome.MayHaveHappened));
        }

        home.ReadyFlushes.Clear();
    }

    // Not before the fdatasync begins: what became ready while it waited for its place is served too.
    private static void Begin(AioFile file)
    {
        var home = file.Home;
        home.SyncWanted = false;
        home.Flushing = [.. home.Flushing ?? [], .. home.ReadyFlushes];
        home.ReadyFlushes.Clear();
    }

    private void RunOnThread(AioFile file)
    {
        var shard = loop.Shard;
        aio.RunBlocking(() => shard.Tell(new DataSyncDone(file, AioExt.ErrorOf(file.Handle.DataSync)), shard.Ref));
    }
}
