using System.Diagnostics.Metrics;
using Akka.Event;
using AkkaAio.Interop.Engines;
using AkkaAio.Shards;

namespace AkkaAio.Telemetry;

/// <summary>
/// The meter of one actor system; each instrument is described in <c>docs/telemetry.md</c>. Counters and gauges are read from
/// the shards' own figures when somebody asks for them, and cost nothing else; histograms are recorded only while somebody listens.
/// </summary>
internal sealed class AioMeter : IDisposable
{
    private const string Prefix = "akka.io.aio.";

    // Seconds. Advice to whoever keeps a histogram of ours: OpenTelemetry's own buckets are made for milliseconds, and all of a disk's
    // durations would be in the first.
    private static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries =
        [
            10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1, 5,
        ],
    };

    private static readonly InstrumentAdvice<int> Batches = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] };

    private readonly Meter _meter;
    private readonly AioExt _aio;
    private long _listenerFailures;

    public AioMeter(AioExt aio)
    {
        _aio = aio;
        _meter = new Meter(new MeterOptions(AioExt.MeterName) { Tags = [new("akka.actor.system", aio.System.Name)] });
        QueueDuration = Histogram("queue.duration", "From a full context to a free slot, of commands that had to wait for one");
        SubmitDuration = Histogram("submit.duration", "Of an io_submit call: a long one blocked");
        DeviceDuration = Histogram("device.duration", "From the io_submit call to the reap of the event");
        DeliveryDuration = Histogram("delivery.duration", "From a reap to the last reply to what it took out");
        SubmitBatch = _meter.CreateHistogram(
            $"{Prefix}submit.batch", "{operation}", "Operations that an io_submit call accepted", tags: null, Batches);
        ReapBatch = _meter.CreateHistogram($"{Prefix}reap.batch", "{operation}", "Completions that a reap took out", tags: null, Batches);
        AddCounters(aio.Shards);
        AddGauges(aio);
    }

    /// <summary>This system's.</summary>
    public Meter Meter => _meter;

    public Histogram<double> QueueDuration { get; }

    public Histogram<double> SubmitDuration { get; }

    public Histogram<double> DeviceDuration { get; }

    public Histogram<double> DeliveryDuration { get; }

    public Histogram<int> SubmitBatch { get; }

    public Histogram<int> ReapBatch { get; }

    /// <summary>Records a value. What a listener throws is logged once and counted: it must not come between us and the kernel.</summary>
    public void Record<T>(Histogram<T> instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where T : struct
    {
        try
        {
            instrument.Record(value, tags);
        }
        catch (Exception e)
        {
            if (Interlocked.Increment(ref _listenerFailures) == 1)
            {
                _aio.Log.Error(
                    e,
                    "A metrics listener threw at {Instrument}; the measurement is lost. Further failures are counted, and reported at " +
                    "the end",
                    instrument.Name);
            }
        }
    }

    public void Dispose()
    {
        try
        {
            _meter.Dispose(); // tells the listeners
        }
        catch (Exception)
        {
            _listenerFailures++;
        }

        if (_listenerFailures > 1)
        {
            _aio.Log.Warning("metrics listeners threw {Count} times in all", _listenerFailures);
        }
    }

    private void AddCounters(Shard[] shards)
    {
        _meter.CreateObservableCounter(
            $"{Prefix}operations", () => shards.SelectMany(OperationsOf), "{operation}", "Operations that the device has done");
        _meter.CreateObservableCounter(
            $"{Prefix}errors", () => shards.SelectMany(ErrorsOf), "{operation}", "Operations that failed, by errno");
        _meter.CreateObservableCounter($"{Prefix}bytes", () => shards.SelectMany(BytesOf), "By", "Bytes read and written");
        Counter("submits", "{call}", "io_submit calls", counters => counters.Submits);
        Counter("reaps", "{call}", "Reaps that took something out", counters => counters.Reaps);
        Counter(
            "flow_controlled", "{call}", "io_submit calls that accepted nothing (EAGAIN and its like)",
            counters => counters.FlowControlled);
        Counter("slow_submits", "{call}", "io_submit calls longer than akka.io.aio.slow-submit", counters => counters.SlowSubmits);
        Counter(
            "cache.hits", "{operation}", "Reads of buffered files that the page cache answered at once",
            counters => counters.CacheHits + counters.OfCallers.Reads);
        Counter(
            "cache.misses", "{operation}", "Those that a blocking thread did instead",
            counters => counters.CacheMisses + counters.OfCallers.Misses);
        Counter("overloads", "{command}", "Commands refused because the queue was full", counters => counters.Overloads);
        Counter("restarts", "{restart}", "Times that a shard was restarted", counters => counters.Restarts);

        void Counter(string name, string unit, string description, Func<ShardCounters, long> read) =>
            _meter.CreateObservableCounter(
                Prefix + name, () => shards.Select(shard => new Measurement<long>(read(shard.Counters), TagsOf(shard))), unit, description);
    }

    private void AddGauges(AioExt aio)
    {
        Gauge("in_flight", "{operation}", "Operations in flight", shard => Math.Max(0, shard.Context?.Count ?? 0));
        _meter.CreateObservableGauge(
            $"{Prefix}in_flight.oldest",
            () => aio.Shards.Select(shard => new Measurement<double>(shard.OldestInFlight.TotalSeconds, TagsOf(shard))),
            "s", "How long the oldest operation in flight has been there");
        Gauge("depth", "{operation}", "Operations that a context may have in flight", shard => shard.Context?.Depth ?? 0);
        Gauge("queued", "{command}", "Commands that wait for a slot", shard => Volatile.Read(ref shard.Counters.Queued));
        var pool = aio.Pool;
        _meter.CreateObservableUpDownCounter(
            $"{Prefix}pool.allocated", () => pool.AllocatedBytes, "By", "Native memory that the buffer pool holds");
        _meter.CreateObservableUpDownCounter($"{Prefix}pool.budget", () => pool.BudgetBytes, "By", "Native memory that it may hold");
        _meter.CreateObservableUpDownCounter($"{Prefix}pool.rented", () => pool.RentedBuffers, "{buffer}", "Buffers that are out");
        if (aio.Capacity is not null)
        {
            _meter.CreateObservableUpDownCounter(
                $"{Prefix}aio_nr", () => aio.Capacity is { } now ? now.Max - now.Free : 0, "{operation}",
                "fs.aio-nr: what all processes of the machine have reserved");
            _meter.CreateObservableUpDownCounter(
                $"{Prefix}aio_max_nr", () => aio.Capacity?.Max ?? 0, "{operation}", "fs.aio-max-nr: what they may reserve");
            _meter.CreateObservableUpDownCounter(
                $"{Prefix}aio_nr.own", () => aio.ReservedOperations, "{operation}", "What this actor system has reserved of it");
        }

        void Gauge(string name, string unit, string description, Func<Shard, long> read) =>
            _meter.CreateObservableUpDownCounter(
                Prefix + name, () => aio.Shards.Select(shard => new Measurement<long>(read(shard), TagsOf(shard))), unit, description);
    }

    private Histogram<double> Histogram(string name, string description) =>
        _meter.CreateHistogram(Prefix + name, "s", description, tags: null, Durations);

    private static IEnumerable<Measurement<long>> OperationsOf(Shard shard)
    {
        var (ofShard, ofCallers) = (shard.Counters.OfShard, shard.Counters.OfCallers);
        yield return new(ofShard.Reads + ofCallers.Reads, TagsOf(shard, IoOpcode.Read));
        yield return new(ofShard.Writes, TagsOf(shard, IoOpcode.Write));
        yield return new(ofShard.DataSyncs, TagsOf(shard, IoOpcode.DataSync));
    }

    private static IEnumerable<Measurement<long>> BytesOf(Shard shard)
    {
        var (ofShard, ofCallers) = (shard.Counters.OfShard, shard.Counters.OfCallers);
        yield return new(ofShard.ReadBytes + ofCallers.ReadBytes, TagsOf(shard, IoOpcode.Read));
        yield return new(ofShard.WrittenBytes, TagsOf(shard, IoOpcode.Write));
    }

    private static IEnumerable<Measurement<long>> ErrorsOf(Shard shard) =>
        from error in shard.Counters.OfShard.ErrorsByKind
        group error.Count by (error.Opcode, error.Errno) into errors
        select new Measurement<long>(errors.Sum(), [
            .. TagsOf(shard, errors.Key.Opcode), new("error.type", errors.Key.Errno.Name())]);

    /// <summary>The tags of a shard's measurements.</summary>
    public static KeyValuePair<string, object?>[] TagsOf(Shard shard) => [new("shard", shard.Index)];

    private static KeyValuePair<string, object?>[] TagsOf(Shard shard, IoOpcode opcode) =>
        [new("shard", shard.Index), new("operation", NameOf(opcode))];

    private static string NameOf(IoOpcode opcode) => opcode switch
    {
        IoOpcode.Read => "read",
        IoOpcode.Write => "write",
        _ => "datasync",
    };
}
