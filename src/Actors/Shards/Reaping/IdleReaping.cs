using Akka.Actor;
using AkkaAio.Dispatch;

namespace AkkaAio.Shards.Reaping;

/// <summary>
/// A shard's own thread as its reaper: what it does when it has no messages and something is in flight. It looks into the ring for a
/// moment, then sleeps in io_getevents, where a command wakes it. With nothing in flight it parks as any other thread.
/// </summary>
/// <remarks>
/// To hand completions to a second thread costs two wake-ups an operation at low depths, each of which costs more than all the rest of
/// the operation's way.
/// </remarks>
internal sealed class IdleReaping : IIdleWork, IReaping
{
    // With more in flight completions come soon enough to be worth no wait, and the processor is the requesters'. Reads by one requester on
    // the pool, relative to RandomAccess with as many threads: depth 8 IOPS 1.12, CPU 1.7, never polled 0.98 and 1.5; depth 32 CPU 1.4,
    // always polled 1.95; depth 128 0.68 and 0.96.
    private const int MostPolled = 8;

    // A device that is too slow for it is polled once in this many times.
    private const int LongestPollPause = 64;

    private readonly Shard _shard;
    private readonly AioSettings.ReapSettings _settings;
    private readonly TimeSpan _poll;
    private bool _ended;

    // How many times not to poll, and how many after the next poll that is in vain.
    private int _pollsToSkip;
    private int _nextPollPause = 1;

    public IdleReaping(AioExt aio, Shard shard, ThreadExecutor thread)
    {
        _shard = shard;
        _settings = aio.Settings.Reap;
        _poll = _settings.MinNr == 1 ? _settings.Poll : TimeSpan.Zero;
        thread.IdleWork = this;
    }

    /// <inheritdoc/>
    public bool IsPending => !_ended && _shard.Context is { Count: > 0, StopRequested: false };

    /// <inheritdoc/>
    public bool TryDo() => IsPending && Reap(0, TimeSpan.Zero);

    /// <inheritdoc/>
    public TimeSpan TimeToLook()
    {
        if (_shard.Context is { Count: var count } && count > MostPolled)
        {
            return TimeSpan.Zero;
        }

        if (_pollsToSkip == 0)
        {
            return _poll;
        }

        _pollsToSkip--;
        return TimeSpan.Zero;
    }

    /// <inheritdoc/>
    public void Looked(bool found)
    {
        _pollsToSkip = found ? 0 : _nextPollPause;
        _nextPollPause = found ? 1 : Math.Min(_nextPollPause * 2, LongestPollPause);
    }

    /// <inheritdoc/>
    public void Sleep()
    {
        if (_shard.Context is not { } context)
        {
            return;
        }

        // Never for more than are in flight: the kernel would wait for the whole time-out.
        var wanted = (int)Math.Min(_settings.MinNr, context.Count);

        if (!Reap(wanted, _settings.Timeout) && wanted == 0)
        {
            Thread.Yield(); // min-nr = 0
        }
    }

    /// <inheritdoc/>
    public void Wake() => _shard.Context?.Wake();

    /// <inheritdoc/>
    public void End() => _ended = true;

    /// <inheritdoc/>
    public void Release()
    {
        // It has nothing of the context's.
    }

    private bool Reap(int minNr, TimeSpan timeout)
    {
        try
        {
            return _shard.Loop.ReapAndAnswer(minNr, timeout);
        }
        catch (Exception e) // for the actor to throw, where its supervisor sees it: the shard starts anew
        {
            _ended = true;
            _shard.Tell(new ReapFailed(this, e), ActorRefs.NoSender);
            return false;
        }
    }
}
