using System.Diagnostics;
using Akka.Actor;
using Akka.Dispatch;
using AkkaAio.Dispatch;
using AkkaAio.Shards;

namespace AkkaAio;

// While its reaper is idle the shard owns the ring. It looks there itself for what is done, after each submit and for a moment when it
// has nothing else to do, and hands the ring over when that was in vain: to wake the reaper, and to be woken after it by the next command,
// costs more than the rest of an operation's way.
internal sealed partial class ContextActor
{
    // A device that is too slow for it: of so many times it is tried once.
    private const int LongestPollPause = 64;

    private readonly PollOn _pollOn;
    private bool _ownsRing;

    // How many times not to poll, and how many the next time that it is in vain.
    private int _pollsToSkip;
    private int _nextPollPause = 1;

    private void PollOrHandOver()
    {
        if (_inFlight!.Count > 0 && _aio.PollLimit is var limit && limit > TimeSpan.Zero)
        {
            if (_pollsToSkip > 0)
            {
                _pollsToSkip--;
            }
            else if (Poll(limit))
            {
                return; // a message waits: after it we are here again
            }
        }

        _ownsRing = false;
        if (_inFlight.Count > 0)
        {
            _reaper.Tell(Reap.Instance, _self);
        }
        else
        {
            _inFlight.FreeRing();
        }
    }

    /// <summary>Answers what comes until nothing is in flight, a message is there (true), or nothing has come for so long.</summary>
    private bool Poll(TimeSpan limit)
    {
        for (var start = Stopwatch.GetTimestamp(); _inFlight!.Count > 0;)
        {
            if (TakeDone())
            {
                _nextPollPause = 1;
                Pump(); // there are free slots
                start = Stopwatch.GetTimestamp();
            }

            if (_cell.HasMessages)
            {
                return true;
            }

            if (ThreadExecutor.Current is { HasWork: true } thread)
            {
                thread.Execute(_pollOn); // behind those who share the thread: what they were just told may give us work
                return true;
            }

            if (Stopwatch.GetElapsedTime(start) >= limit)
            {
                _pollsToSkip = _nextPollPause;
                _nextPollPause = Math.Min(_nextPollPause * 2, LongestPollPause);
                return false;
            }

            if (!Thread.Yield())
            {
                Thread.SpinWait(20);
            }
        }

        return false;
    }

    private bool TakeDone()
    {
        var any = false;
        while (_inFlight!.Count > 0 && _completions!.Take(0, TimeSpan.Zero) > 0)
        {
            any = true;
        }

        return any;
    }

    /// <summary>To itself, by its thread: nothing else is left to run there.</summary>
    private sealed class PollOn(IActorRef self) : IRunnable
    {
        public void Run() => self.Tell(this, self);

        public void Execute() => Run();
    }
}
