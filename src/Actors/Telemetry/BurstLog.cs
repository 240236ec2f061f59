namespace AkkaAio.Telemetry;

/// <summary>
/// Gathers reports that come in bursts, such as a collection's finalizers, into one line each: written a moment after the first. Costs
/// nothing while there are none.
/// </summary>
/// <param name="write">Count of reports, sum of their amounts, the first of them. On a pool thread; may throw.</param>
internal sealed class BurstLog(Action<long, long, object?> write)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private Timer? _timer;
    private long _count;
    private long _amount;
    private object? _first;

    public void Add(int amount, object? what)
    {
        lock (_lock)
        {
            _amount += amount;
            if (_count++ > 0)
            {
                return;
            }

            _first = what;
            _timer ??= new Timer(static state => ((BurstLog)state!).Flush(), this, Timeout.Infinite, Timeout.Infinite);
            _timer.Change(Moment, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Writes what has been gathered, now.</summary>
    public void Flush()
    {
        (long Count, long Amount, object? First) burst;
        lock (_lock)
        {
            burst = (_count, _amount, _first);
            (_count, _amount, _first) = (0, 0, null);
        }

        try
        {
            if (burst.Count > 0)
            {
                write(burst.Count, burst.Amount, burst.First);
            }
        }
        catch (Exception)
        {
            // A log sink that throws is not worth a process.
        }
    }
}
