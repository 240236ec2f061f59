namespace AkkaAio.Shards;

/// <summary>
/// Takes up a shard's messages while its thread is stuck inside io_submit. Begins with a message that meets the call, and looks again as
/// long as the thread stays stuck.
/// </summary>
internal sealed class StuckVisits : IDisposable
{
    // Shorter, and calls that block for a moment, as writes into new blocks do, would be visited without need. Longer, and a Cancel waits.
    public static readonly TimeSpan DefaultStuckAfter = TimeSpan.FromMilliseconds(10);

    private readonly Shard _shard;
    private readonly TimeSpan _stuckAfter;
    private readonly Timer _timer;
    private int _isQueued;
    private int _isTimed;

    public StuckVisits(Shard shard, TimeSpan stuckAfter)
    {
        _shard = shard;
        _stuckAfter = stuckAfter;
        _isTimed = stuckAfter == Timeout.InfiniteTimeSpan ? 1 : 0;
        _timer = new Timer(static visits => ((StuckVisits)visits!).OnTimer(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>
    /// Any thread, where a message waits and the shard's thread is inside io_submit: looks soon whether it is stuck, and now if it has been
    /// for so long already.
    /// </summary>
    public void Want()
    {
        if (_stuckAfter == Timeout.InfiniteTimeSpan || _shard.Gate.InsideFor < _stuckAfter)
        {
            LookLater();
        }
        else if (Volatile.Read(ref _isQueued) == 0 && Interlocked.Exchange(ref _isQueued, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static visits => visits.Look(), this, preferLocal: false);
        }
    }

    /// <summary>The shard has ended.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isTimed, 1); // nobody sets the timer any more
        _timer.Dispose();
    }

    private void LookLater()
    {
        if (Volatile.Read(ref _isTimed) == 0 && Interlocked.Exchange(ref _isTimed, 1) == 0)
        {
            _timer.Change(_stuckAfter, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        Volatile.Write(ref _isTimed, 0);
        Look();
    }

    private void Look()
    {
        Volatile.Write(ref _isQueued, 0);
        if (_shard.Gate.TryVisit(_stuckAfter))
        {
            _shard.Loop.Stuck.Act();
            _shard.Gate.EndVisit();
        }

        if (_shard.Gate.IsInside)
        {
            LookLater(); // as long as it is stuck: a message that came during the visit has found nobody inside
        }
    }
}
