using AkkaAio.Telemetry;

namespace AkkaAio;

/// <summary>
/// How long something took: since the start, or with <see cref="Since"/> in an interval. Percentiles are at most a quarter too high.
/// </summary>
public sealed class AioLatency
{
    private readonly long[] _counts;
    private readonly long _maxTicks;

    internal AioLatency(long[] counts, long maxTicks)
    {
        (_counts, _maxTicks) = (counts, maxTicks);
        Count = counts.Sum();
    }

    /// <summary>How many were measured; without any the rest is zero.</summary>
    public long Count { get; }

    /// <summary>The median.</summary>
    public TimeSpan P50 => At(0.5);

    /// <summary>What one of a hundred exceeds.</summary>
    public TimeSpan P99 => At(0.99);

    /// <summary>What one of a thousand exceeds.</summary>
    public TimeSpan P999 => At(0.999);

    /// <summary>The longest: exact since the start; of an interval as a percentile.</summary>
    public TimeSpan Max => LatencyHistogram.ToTime(_maxTicks);

    /// <summary>The buckets that are not empty, the shortest first. Each is a quarter of a power of two wide.</summary>
    public IReadOnlyList<AioLatencyBucket> Buckets =>
    [
        .. from index in Enumerable.Range(0, _counts.Length)
           where _counts[index] > 0
           select new AioLatencyBucket(LatencyHistogram.ToTime(LatencyHistogram.UpperEndOf(index)), _counts[index]),
    ];

    /// <summary>What this share of the measurements does not exceed.</summary>
    /// <param name="share">Above 0, up to 1: 0.5 is the median.</param>
    public TimeSpan At(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        return Count == 0 ? default : LatencyHistogram.ToTime(Math.Min(_maxTicks, UpperEndAt((long)Math.Ceiling(Count * share))));
    }

    /// <summary>What was measured after an earlier look at the same figures.</summary>
    public AioLatency Since(AioLatency earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        var counts = new long[_counts.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = Math.Max(0, _counts[i] - earlier._counts[i]);
        }

        // Which one was the longest of the interval is not known: no longer than its bucket, and than the longest of all.
        var last = Array.FindLastIndex(counts, count => count > 0);
        return new AioLatency(counts, last < 0 ? 0 : Math.Min(_maxTicks, LatencyHistogram.UpperEndOf(last)));
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"{Count}: p50 {P50.TotalMicroseconds:0.#} us, p99 {P99.TotalMicroseconds:0.#} us, max {Max.TotalMicroseconds:0.#} us");

    private long UpperEndAt(long rank)
    {
        var index = 0;
        for (var seen = _counts[0]; seen < rank && index < _counts.Length - 1;)
        {
            seen += _counts[++index];
        }

        return LatencyHistogram.UpperEndOf(index);
    }
}

/// <summary>Some of the measurements of an <see cref="AioLatency"/>.</summary>
/// <param name="UpTo">The longest that the bucket takes.</param>
/// <param name="Count">How many measurements it has.</param>
public readonly record struct AioLatencyBucket(TimeSpan UpTo, long Count);
