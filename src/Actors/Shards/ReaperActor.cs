using System.Runtime.ExceptionServices;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Telemetry;

namespace AkkaAio.Shards;

/// <summary>
/// The end of a shard's context: drains it, then destroys it. With <c>reap.thread = own</c> also who reaps: it waits for completions and
/// replies to the requesters on a thread of its own, in io_getevents while something is in flight, and while nothing is in its mailbox,
/// where it costs nothing. Else the shard's thread does that (<see cref="ShardReap"/>), or the <see cref="ReapLoop"/>.
/// </summary>
internal sealed class ReaperActor : UntypedActor
{
    // So many reaps, then a look into the mailbox: a reaper under load would never see its Stop.
    private const int ReapsPerMessage = 64;

    // A context that cannot be reaped any more must not hold up the end until the deadline, at full CPU.
    private const int MaxDrainFailures = 10;

    private readonly AioExt _aio;
    private readonly Shard _shard;
    private readonly InFlight _inFlight;
    private readonly Completions _completions;
    private readonly ILoggingAdapter _log = new SafeLog(Context.GetLogger());

    public ReaperActor(AioExt aio, Shard shard, InFlight inFlight, Completions completions)
    {
        _aio = aio;
        _shard = shard;
        _inFlight = inFlight;
        _completions = completions;
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Reap:
                ReapUntilIdle();
                break;
            case ReapFailed failed:
                ExceptionDispatchInfo.Throw(failed.Cause);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void ReapUntilIdle()
    {
        var (minNr, timeout) = (_aio.Settings.Reap.MinNr, _aio.Settings.Reap.Timeout);
        for (var reaps = 0; reaps < ReapsPerMessage && !_inFlight.StopRequested; reaps++)
        {
            var inFlight = _inFlight.Count;
            if (inFlight <= 0)
            {
                if (_inFlight.TryGoIdle())
                {
                    return;
                }

                continue;
            }

            // Never for more than are in flight, or than fit: the kernel would wait for the whole time-out, or refuse.
            var wanted = (int)Math.Min(Math.Min(minNr, inFlight), _completions.MaxCount);
            if (_completions.Take(wanted, timeout) == 0 && wanted > 0)
            {
                break; // timed out or woken: perhaps there is a Stop
            }
        }

        if (!_inFlight.StopRequested)
        {
            Self.Tell(Reap.Instance);
        }
    }

    /// <summary>The shard has stopped, is stopping or has failed: waits for what is in flight, then destroys the context.</summary>
    protected override void PostStop()
    {
        _inFlight.Watch?.End();
        var isStuck = !_shard.Gate.MaySubmit;
        if (!isStuck) // else the deadline has passed, and the shard has been abandoned
        {
            DrainContext(_aio.DrainDeadline);
        }

        var drained = _inFlight.Count <= 0 && !isStuck;
        var aborted = _completions.AbortAll();
        if (drained)
        {
            _inFlight.Destroy();
            _inFlight.Watch?.Release();
        }
        else
        {
            _log.Error(
                "Shard {ShardId}: {Count} operations were still in the kernel after {Time}; their memory and descriptors are leaked, since the " +
                "kernel may still use them{Hint}", _shard.Index, aborted, _aio.Settings.DrainTimeout,
                isStuck ? ". The shard's thread is stuck inside io_submit (a frozen or unreachable file system?)" : "");
            AbandonedContexts.Keep(_inFlight);
        }

        _inFlight.HasEnded = true;
    }

    // A reap that fails has taken nothing out: what is in flight is still there, and abandoning it would leak all of its memory.
    private void DrainContext(Deadline deadline)
    {
        var failures = 0;
        while (_inFlight.Count > 0 && failures < MaxDrainFailures && deadline.Remaining is var remaining && remaining > TimeSpan.Zero)
        {
            try
            {
                _completions.Take(1, remaining < _aio.Settings.Reap.Timeout ? remaining : _aio.Settings.Reap.Timeout);
            }
            catch (Exception e)
            {
                failures++;
                _log.Error(e, "Shard {ShardId}: a reap failed as the context was drained", _shard.Index);
            }
        }
    }
}
