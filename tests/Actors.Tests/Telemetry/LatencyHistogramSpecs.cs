using System.Diagnostics;
using AkkaAio.Telemetry;
using CsCheck;
using Xunit;

namespace AkkaAio.Tests.Telemetry;

public sealed class LatencyHistogramSpecs
{
    [Fact]
    public void Without_a_measurement_all_is_zero()
    {
        var latency = new LatencyHistogram().ToLatency();
        Assert.Equal(0, latency.Count);
        Assert.Equal(TimeSpan.Zero, latency.P999);
        Assert.Equal(TimeSpan.Zero, latency.Max);
        Assert.Empty(latency.Buckets);
    }

    [Fact]
    public void The_difference_of_two_looks_is_what_was_measured_between_them() =>
        Gen.Long[0, 1L << 40].Array[0, 200].Select(Gen.Long[0, 1L << 40].Array[0, 200]).Sample((before, between) =>
        {
            var (all, alone) = (new LatencyHistogram(), new LatencyHistogram());
            Array.ForEach(before, all.Record);
            var earlier = all.ToLatency();
            Array.ForEach(between, all.Record);
            Array.ForEach(between, alone.Record);

            var (found, exact) = (all.ToLatency().Since(earlier), alone.ToLatency());
            Assert.Equal(exact.Buckets, found.Buckets);
            Assert.Equal(between.Length, found.Count);
            Assert.InRange(found.Max, exact.Max, exact.Max * 1.25 + TimeSpan.FromTicks(1));
            Assert.InRange(found.P50, exact.P50, exact.P50 * 1.25 + TimeSpan.FromTicks(1));
        });

    [Fact]
    public void A_percentile_is_never_too_low_and_at_most_a_quarter_too_high() =>
        Gen.Long[0, long.MaxValue >> 8].Select(Gen.Int[0, 50], (ticks, shift) => ticks >> shift).Array[1, 300].Sample(durations =>
        {
            var histogram = new LatencyHistogram();
            foreach (var ticks in durations)
            {
                histogram.Record(ticks);
            }

            var latency = histogram.ToLatency();
            var sorted = durations.Order().ToArray();
            Assert.Equal(durations.Length, latency.Count);
            Assert.Equal(TimeOf(sorted[^1]), latency.Max);
            foreach (var (share, found) in new[] { (0.5, latency.P50), (0.99, latency.P99), (0.999, latency.P999) })
            {
                var exact = TimeOf(sorted[(int)Math.Ceiling(sorted.Length * share) - 1]);
                Assert.InRange(found.Ticks, exact.Ticks, (long)(exact.Ticks * 1.25) + 1);
            }
        });

    private static TimeSpan TimeOf(long ticks) =>
        TimeSpan.FromTicks((long)Math.Round(ticks * (1e9 / Stopwatch.Frequency) / TimeSpan.NanosecondsPerTick));
}
