namespace AkkaAio.Shards;

/// <summary>
/// Takes up a shard's messages while its thread is stuck inside io_submit. Begins with a Cancel, which must be answered at once, and looks
/// again as long as the thread stays stuck.
/// </summary>
internal sealed class StuckVisits : IDisposable
{
    // Shorter, and calls that block for a moment, as writes into new blocks do, would be visited without need. Longer, and a Cancel waits.
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMilliseconds(10);

    private readonly Shard _shard;
    private readonly Timer _timer;
    private int _isWanted;

    public StuckVisits(Shard shard)
    {
        _shard = shard;
        _timer = new Timer(static visits => ((StuckVisits)visits!).Look(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>Any thread, after telling a message that cannot wait: looks soon whether the shard is stuck.</summary>
    public void Want()
    {
        if (Interlocked.Exchange(ref _isWanted, 1) == 0)
        {
            _timer.Change(StuckAfter, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The shard has ended.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isWanted, 1); // nobody sets the timer any more
        _timer.Dispose();
    }

    private void Look()
    {
        Volatile.Write(ref _isWanted, 0);
        if (_shard.Gate.TryVisit(StuckAfter))
        {
            try
            {
                _shard.Actor.ActForStuckThread();
            }
            finally
            {
                _shard.Gate.EndVisit();
            }
        }

        if (_shard.Gate.IsInside)
        {
            Want();
        }
    }
}
