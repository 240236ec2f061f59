using AkkaAio.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using Xunit;

namespace AkkaAio.Hosting.Tests;

/// <summary>What OpenTelemetry makes of the meter.</summary>
public sealed class MetricsSpecs
{
    private static readonly double[] Durations =
        [10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1, 5];

    [Fact]
    public async Task Durations_of_a_disk_are_told_apart()
    {
        var exported = new List<Metric>();
        await using var host = new TestHost(
            akka => akka.WithAio(),
            services => services.AddAioMetrics().AddOpenTelemetry().WithMetrics(meters => meters.AddInMemoryExporter(exported)));
        await host.StartAsync();
        var file = await host.Aio.OpenAsync(
            "/file", new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, PreallocationSize = 4096 });
        await file.ReadAsync(new byte[1], 0);

        var tags = AioMeter.TagsOf(host.Aio.Shards[0]);
        host.Aio.Meter.Record(host.Aio.Meter.QueueDuration, 100e-6, tags);
        host.Aio.Meter.Record(host.Aio.Meter.QueueDuration, 300e-6, tags);
        host.Aio.Meter.Record(host.Aio.Meter.QueueDuration, 10e-3, tags);
        Assert.True(host.Services.GetRequiredService<MeterProvider>().ForceFlush());

        // The hosts of other specs have the same meter, with another tag.
        var metrics = exported.FindAll(metric => metric.MeterTags!.Contains(new("akka.actor.system", host.System.Name)));
        var filled = BucketsOf(metrics, "akka.io.aio.queue.duration").Where(bucket => bucket.BucketCount > 0).ToArray();
        Assert.Equal([100e-6, 500e-6, 10e-3], filled.Select(bucket => bucket.ExplicitBound));
        Assert.All(
            metrics.Where(metric => metric.MetricType == MetricType.Histogram),
            metric => Assert.Equal(
                metric.Name.EndsWith(".duration", StringComparison.Ordinal) ? Durations : [1, 2, 4, 8, 16, 32, 64, 128, 256],
                BucketsOf(metrics, metric.Name).Select(bucket => bucket.ExplicitBound).SkipLast(1)));
        Assert.Equal(6, metrics.Count(metric => metric.MetricType == MetricType.Histogram));
        Assert.Contains(metrics, metric => metric.Name == "akka.io.aio.operations");
    }

    private static List<HistogramBucket> BucketsOf(List<Metric> metrics, string name)
    {
        var buckets = new List<HistogramBucket>();
        foreach (ref readonly var point in metrics.Single(metric => metric.Name == name).GetMetricPoints())
        {
            foreach (var bucket in point.GetHistogramBuckets())
            {
                buckets.Add(bucket);
            }
        }

        return buckets;
    }
}
