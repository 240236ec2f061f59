using System.Diagnostics;
using Akka.Actor;
using AkkaAio.Dispatch;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// A shard's own thread as its reaper, with <c>reap.thread = shard</c>: what it does when it has no commands and something is in flight.
/// It looks into the ring for a moment, then sleeps in io_getevents, where a command wakes it. With nothing in flight it parks as any
/// other thread. Where a thread of this process has done the operation, that one stands in for the shard's
/// (<see cref="ICompletesOnThreads"/>): it answers, runs who is answered, if they share the shard's thread, and goes on with what they ask for.
/// </summary>
/// <remarks>
/// To hand completions to a second thread costs two wake-ups an operation at low depths, each of which costs more than all the rest of
/// the operation's way.
/// </remarks>
internal sealed class ShardReap(AioExt aio, InFlight inFlight, Completions completions) : IIdleWork, IContextWatch
{
    // A device that is too slow for it: of so many times it is polled once.
    private const int LongestPollPause = 64;

    // Of a convoy, which a device that was asked for many gives back at one time: requesters who share the thread then have their turn, and
    // the device its next work before it idles. Random reads at depth 128, of fio's: all at once 0.96, in 32s 0.99, in 16s 1.01; but in 16s
    // two shards on a RAM disk lost a third.
    private const int MostAtOnce = 32;

    private readonly AioSettings.ReapSettings _settings = aio.Settings.Reap;
    private readonly TimeSpan _poll = aio.PollLimit;
    private readonly ICompletesOnThreads? _threads = inFlight.Context as ICompletesOnThreads;

    // Between the thread and the one that ends it: free at all other times.
    private readonly Lock _reaping = new();
    private IActorRef _reaper = ActorRefs.Nobody;
    private bool _ended;

    // How many times not to poll, and how many the next time that it is in vain.
    private int _pollsToSkip;
    private int _nextPollPause = 1;

    /// <inheritdoc/>
    public IActorRef Reaper
    {
        set => _reaper = value;
    }

    /// <inheritdoc/>
    public bool IsPending => _threads is null && inFlight.Count > 0 && !inFlight.StopRequested;

    /// <inheritdoc/>
    public bool HasSome => _threads is { HasCompletions: true } && !inFlight.StopRequested;

    /// <summary>Before the first submit: this is the work of <paramref name="thread"/>.</summary>
    public void Begin(ThreadExecutor thread)
    {
        thread.IdleWork = this;
        _threads?.TellOf(thread.StandIn);
    }

    /// <summary>Takes out and answers all that is there.</summary>
    public void TakeAll()
    {
        while (TryDo())
        {
        }
    }

    /// <inheritdoc/>
    public bool TryDo() => inFlight.Count > 0 && Take(0, TimeSpan.Zero) > 0;

    /// <inheritdoc/>
    public bool Poll(ThreadExecutor thread)
    {
        if (TryDo())
        {
            _nextPollPause = 1;
            return true;
        }

        if (_pollsToSkip > 0)
        {
            _pollsToSkip--;
            return false;
        }

        for (var start = Stopwatch.GetTimestamp(); _poll > TimeSpan.Zero && inFlight.Count <= aio.MostPolled;)
        {
            if (!Thread.Yield())
            {
                Thread.SpinWait(20);
            }

            if (TryDo())
            {
                _nextPollPause = 1;
                return true;
            }

            if (thread.HasWork)
            {
                return true;
            }

            if (Stopwatch.GetElapsedTime(start) >= _poll)
            {
                _pollsToSkip = _nextPollPause;
                _nextPollPause = Math.Min(_nextPollPause * 2, LongestPollPause);
                return false;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Sleep()
    {
        // Never for more than are in flight, or than fit: the kernel would wait for the whole time-out, or refuse.
        var wanted = (int)Math.Min(Math.Min(_settings.MinNr, inFlight.Count), completions.MaxCount);
        if (Take(wanted, _settings.Timeout) == 0 && wanted == 0)
        {
            Thread.Yield(); // min-nr = 0
        }
    }

    /// <inheritdoc/>
    public void Wake() => inFlight.Wake();

    /// <inheritdoc/>
    public void End()
    {
        inFlight.RequestStop();
        lock (_reaping)
        {
            _ended = true;
        }
    }

    /// <inheritdoc/>
    public void Release()
    {
        // They carried nothing of ours.
    }

    private int Take(int minNr, TimeSpan timeout)
    {
        lock (_reaping)
        {
            // A poll may have swallowed the wake-up of a stop.
            if (_ended || (minNr > 0 && inFlight.StopRequested))
            {
                return 0;
            }

            try
            {
                return completions.Take(minNr, timeout, Math.Max(minNr, MostAtOnce));
            }
            catch (Exception e) // for the reaper to throw, where its supervisor sees it: the shard starts anew
            {
                _ended = true;
                inFlight.RequestStop();
                _reaper.Tell(new ReapFailed(e), ActorRefs.NoSender);
                return 0;
            }
        }
    }
}
