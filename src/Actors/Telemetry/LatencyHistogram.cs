using System.Diagnostics;
using System.Numerics;

namespace AkkaAio.Telemetry;

/// <summary>
/// Durations in buckets a quarter of a power of two wide, from a nanosecond to hours: an array and a shift, so that it can stay on. Written
/// by one thread at a time, read by anyone: what a reader sees may lack what is being written.
/// </summary>
internal sealed class LatencyHistogram
{
    // Four buckets a power of two: a percentile is at most a quarter too high.
    private const int SubBits = 2;
    private const int Buckets = (64 - SubBits) << SubBits;

    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly long[] _counts = new long[Buckets];
    private long _max;

    /// <summary>Counts a duration.</summary>
    /// <param name="ticks">A difference of two <see cref="Stopwatch.GetTimestamp"/>.</param>
    public void Record(long ticks)
    {
        _counts[IndexOf((ulong)Math.Max(0, ticks))]++;
        if (ticks > _max)
        {
            _max = ticks;
        }
    }

    public AioLatency ToLatency()
    {
        var counts = new long[Buckets];
        for (var i = 0; i < Buckets; i++)
        {
            counts[i] = Volatile.Read(ref _counts[i]);
        }

        return new AioLatency(counts, Volatile.Read(ref _max));
    }

    /// <summary>The longest duration that a bucket takes, in Stopwatch ticks.</summary>
    public static long UpperEndOf(int index)
    {
        var shift = Math.Max(0, (index >> SubBits) - 1);
        var mantissa = index - (shift << SubBits);
        return (long)UInt128.Min(long.MaxValue, (((UInt128)mantissa + 1) << shift) - 1);
    }

    /// <summary>The time since then, never below zero; null of null.</summary>
    public static TimeSpan? AgeOf(long? timestamp) =>
        timestamp is { } since ? ToTime(Math.Max(0, Stopwatch.GetTimestamp() - since)) : null;

    /// <summary>Stopwatch ticks as a time.</summary>
    public static TimeSpan ToTime(long ticks) =>
        TimeSpan.FromTicks((long)Math.Round(ticks * NanosecondsPerTick / TimeSpan.NanosecondsPerTick));

    // Below 4 a bucket each; above, the two bits behind the highest one choose among four.
    private static int IndexOf(ulong ticks)
    {
        if (ticks < 1 << SubBits)
        {
            return (int)ticks;
        }

        var shift = BitOperations.Log2(ticks) - SubBits;
        return (shift << SubBits) + (int)(ticks >> shift);
    }
}
