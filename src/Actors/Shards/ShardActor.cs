using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Files;
using AkkaAio.Routing;
using AkkaAio.Shards.Reaping;
using AkkaAio.Telemetry;

namespace AkkaAio.Shards;

/// <summary>
/// A shard's mailbox, and the life of its contexts: one is opened at each start of the actor, and ended at its restart or stop. What the
/// messages mean is <see cref="ShardLoop"/>'s, which survives restarts.
/// </summary>
internal sealed class ShardActor : UntypedActor
{
    // The kernel refused a context: what was short may take a moment to come back.
    private static readonly TimeSpan LeastSetupPause = TimeSpan.FromMilliseconds(200);

    private readonly AioExt _aio;
    private readonly Shard _shard;
    private readonly ShardLoop _loop;
    private readonly ActorCell _cell;
    private bool _restarting;

    public ShardActor(AioExt aio, Shard shard)
    {
        _aio = aio;
        _shard = shard;
        _loop = shard.Loop;
        _cell = AkkaInternals.CellOf(Context);
        shard.Messages = AkkaInternals.MessagesOf(_cell);
        shard.Actor = this;
    }

    protected override void OnReceive(object message)
    {
        _loop.Hold();
        if (!Handle(message, Sender))
        {
            Unhandled(message);
        }

        // While messages wait, the batch gathers more of them; it never waits for messages to come.
        _loop.AfterMessage(moreWait: AkkaInternals.HasMessages(_cell));
    }

    /// <summary>
    /// Takes a message up. Also a visitor does (<see cref="StuckShard"/>): nothing here uses Akka's Context. False: not a message of ours.
    /// </summary>
    public bool Handle(object message, IActorRef sender)
    {
        switch (message)
        {
            case Aio.TransferCommand command:
                _loop.Admission.Accept(command, sender);
                break;
            case FileBarrier barrier:
                _loop.Barriers.Accept(barrier);
                break;
            case BarriersArrived arrived:
                _loop.Barriers.OnArrived(arrived);
                break;
            case BarrierReleased released:
                _loop.Barriers.Release(released.Barrier.File.LaneOn(_shard));
                break;
            case DataSyncDone done:
                _loop.Syncs.OnDone(done.File, done.Error);
                break;
            case ExclusiveDone done:
                _loop.Barriers.OnExclusiveDone(done);
                break;
            case Grow grow:
                _loop.Growth.OnGrow(grow);
                break;
            case GrowDone done:
                _loop.Growth.OnGrowDone(done);
                break;
            case TailUnwanted unwanted:
                _loop.Growth.MarkTail(unwanted.Lane);
                break;
            case BlockingDone done:
                _loop.Settlement.OnBlockingDone(done);
                break;
            case CompletionsThere:
                _loop.ReapAll();
                _loop.Turn(); // also in front of waiting messages: free slots and a full queue must not idle the device
                break;
            case Aio.AwaitRoom room when AioRef.ShardOf(room, _aio) == _shard:
                _loop.Admission.AwaitRoom(room, sender);
                break;
            case Aio.Cancel { Command: not Aio.Cancel } cancel when AioRef.ShardOf(cancel, _aio) == _shard:
                Cancellation.Cancel(_loop, cancel, sender);
                break;
            case RetrySubmit:
                _loop.Submits?.Resume();
                break;
            case RetrySetup:
                RetryOpenContext();
                break;
            case ReapFailed failed when failed.Reaping != _shard.Reaping:
                break; // of an incarnation before
            case ReapFailed when _shard.Gate.IsVisited:
                return false; // it is told again, to the shard's own thread: a visitor cannot restart the shard
            case ReapFailed failed:
                ExceptionDispatchInfo.Throw(failed.Cause); // what is in flight stays in the kernel: the shard starts anew
                break;
            case Drain:
                _loop.Draining = true;
                break;
            case Aio.Command or Aio.Batch:
                _aio.Ref.Tell(message, sender); // told to a shard's ref by hand
                break;
            default:
                return false;
        }

        return true;
    }

    // A reaper of its own that fails: the whole shard starts anew.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    protected override void PreStart()
    {
        _loop.Hold();
        OpenContext();
    }

    protected override void PreRestart(Exception reason, object message)
    {
        _restarting = true;
        try
        {
            _loop.End.OnRestart(reason);
        }
        finally
        {
            base.PreRestart(reason, message);
            _restarting = false; // the system may end before the next incarnation begins
        }
    }

    protected override void PostRestart(Exception reason)
    {
        _loop.Hold();
        _shard.Counters.Restarts++;
        Volatile.Write(ref _shard.Counters.RestartedAt, Stopwatch.GetTimestamp());
        var pause = _shard.Backoff.NextPause();
        if (pause == TimeSpan.Zero)
        {
            OpenContext();
        }
        else
        {
            CloseFor(pause, reason);
        }

        _loop.Turn(); // what was aborted may have been all that a barrier or a producer waited for, and no message may ever come
        SafeLog.Publish(Context.System.EventStream, new AioShardRestarted(_shard.Index, reason));
    }

    protected override void PostStop()
    {
        if (!_restarting && !_shard.Gate.IsAbandoned)
        {
            try
            {
                _loop.End.OnStop();
            }
            finally
            {
                _aio.OnShardEnded(_shard);
            }
        }
    }

    private void OpenContext()
    {
        try
        {
            var queue = _shard.TakeFirstContext() ?? _aio.CreateContext();
            try
            {
                Open(queue);
            }
            catch
            {
                _shard.Context = null;
                queue.Dispose();
                throw;
            }
        }
        catch (AioException e)
        {
            var pause = _shard.Backoff.NextPause();
            CloseFor(pause == TimeSpan.Zero ? LeastSetupPause : pause, e);
        }
    }

    private void Open(Interop.Engines.IIoContext queue)
    {
        var thread = _aio.Settings.Reap is { Wait: AioSettings.ReapWait.GetEvents, Thread: AioSettings.ReapThread.Shard }
            ? ThreadExecutor.Current
            : null;
        IReaping reaping;
        if (_aio.EpollReaper is { } epoll)
        {
            reaping = epoll.Add(queue, _shard);
        }
        else if (thread is null)
        {
            var reaper = new OwnReaper(_aio, _shard, queue);
            reaper.Start(Context);
            (reaping, queue) = (reaper, reaper);
        }
        else
        {
            reaping = new IdleReaping(_aio, _shard, thread);
        }

        var context = new ShardContext(queue);
        _loop.Submits = new SubmitQueue(_aio, _shard, context, _aio.Log);
        _loop.Unavailable = null;
        _shard.Reaping = reaping;
        _shard.Context = context;
    }

    // Until then every command is refused with the cause; barriers that need no context go on.
    private void CloseFor(TimeSpan pause, Exception cause)
    {
        _loop.Unavailable = cause;
        _loop.Syncs.FailWanted(cause);
        _aio.Log.Error("Shard {ShardId} is unavailable, next try in {Pause}: {Reason}", _shard.Index, pause, cause.Message);
        _shard.TellAfter(pause, RetrySetup.Instance, _aio.System.Scheduler);
    }

    private void RetryOpenContext()
    {
        if (_shard.Context is null)
        {
            OpenContext();
        }
    }
}
