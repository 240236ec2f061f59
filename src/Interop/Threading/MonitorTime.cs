using System.Diagnostics;

namespace AkkaAio.Interop.Threading;

/// <summary>How long a <see cref="Monitor.Wait(object, TimeSpan)"/> that may be woken in vain has to wait still.</summary>
internal static class MonitorTime
{
    /// <summary>
    /// What is left of a time-out that began at a timestamp, in the range that Monitor takes; whole milliseconds, since it cuts what is
    /// below.
    /// </summary>
    public static TimeSpan Left(TimeSpan timeout, long start)
    {
        if (timeout == Timeout.InfiniteTimeSpan || timeout.TotalMilliseconds > int.MaxValue)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var left = timeout <= TimeSpan.Zero ? TimeSpan.Zero : timeout - Stopwatch.GetElapsedTime(start);
        return left > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : TimeSpan.Zero;
    }
}
