using System.Diagnostics;
using System.Diagnostics.Metrics;
using AkkaAio.Shards;

namespace AkkaAio.Telemetry;

/// <summary>
/// Where the time of a shard's operations goes: always counted for <see cref="Aio.Stats"/>, and told to the meter's histograms while
/// somebody listens.
/// </summary>
internal sealed class ShardTelemetry(AioMeter meter, Shard shard)
{
    private static readonly double SecondsPerTick = 1.0 / Stopwatch.Frequency;

    private readonly KeyValuePair<string, object?>[] _tags = AioMeter.TagsOf(shard);
    private readonly ShardCounters _counters = shard.Counters;

    /// <summary>Shard: a command has left the queue.</summary>
    public void Dequeued(long ticks) => Record(_counters.QueueLatency, meter.QueueDuration, ticks);

    /// <summary>Shard: an io_submit call has returned.</summary>
    public void Submitted(int accepted, long ticks)
    {
        Record(_counters.SubmitLatency, meter.SubmitDuration, ticks);
        if (meter.SubmitBatch.Enabled && accepted > 0)
        {
            meter.Record(meter.SubmitBatch, accepted, _tags);
        }
    }

    /// <summary>The reaping thread: an event is out.</summary>
    public void Completed(long ticks) => Record(_counters.DeviceLatency, meter.DeviceDuration, ticks);

    /// <summary>The reaping thread: what a reap took out is answered.</summary>
    public void Delivered(int reaped, long ticks)
    {
        Record(_counters.DeliveryLatency, meter.DeliveryDuration, ticks);
        if (meter.ReapBatch.Enabled)
        {
            meter.Record(meter.ReapBatch, reaped, _tags);
        }
    }

    private void Record(LatencyHistogram histogram, Histogram<double> instrument, long ticks)
    {
        histogram.Record(ticks);
        if (instrument.Enabled)
        {
            meter.Record(instrument, ticks * SecondsPerTick, _tags);
        }
    }
}
