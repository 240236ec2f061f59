namespace AkkaAio.Hosting;

/// <summary>From when on AkkaAio's health check says that something is wrong.</summary>
public sealed class AioHealthOptions
{
    /// <summary>How many checks in a row must find something wrong before it is reported: 1 or more. One bad moment is no outage.</summary>
    public int Tolerance { get; set; } = 3;

    /// <summary>Degraded: an operation has been in flight for longer than this.</summary>
    public TimeSpan OldestInFlight { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Degraded: a shard's queue is filled to this share of <c>max-queue-size</c>: above 0, up to 1.</summary>
    public double QueueShare { get; set; } = 0.9;

    /// <summary>Degraded: this share of the buffer pool's budget is lent out: above 0, up to 1.</summary>
    public double PoolShare { get; set; } = 0.9;

    /// <summary>Degraded: a shard was restarted not longer ago than this.</summary>
    public TimeSpan RestartWithin { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Degraded where <c>engine = auto</c> had to take another engine than linux-aio. False: it is said in the data only.
    /// </summary>
    public bool RequireEngine { get; set; }

    /// <summary>Unhealthy: the figures have not come within this time.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <exception cref="ArgumentOutOfRangeException">Names what is wrong.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Tolerance, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(OldestInFlight, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RestartWithin, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Timeout, TimeSpan.Zero);
        CheckShare(QueueShare, nameof(QueueShare));
        CheckShare(PoolShare, nameof(PoolShare));
    }

    private static void CheckShare(double share, string name)
    {
        if (share is not (> 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(name, share, "is a share: above 0, up to 1");
        }
    }
}
