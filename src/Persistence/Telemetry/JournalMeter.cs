using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Persistence.Reading;

namespace AkkaAio.Persistence.Telemetry;

/// <summary>
/// The meter <c>AkkaAio.Persistence</c> of one log. Histograms are recorded only while somebody listens. What a listener throws is logged
/// once: it must not come between a durable batch and its replies.
/// </summary>
internal sealed class JournalMeter : IDisposable
{
    public const string Name = "AkkaAio.Persistence";

    private const string Prefix = "akka.persistence.aio.";

    private readonly Meter _meter;
    private readonly Histogram<double> _commit;
    private readonly Histogram<int> _batch;
    private readonly Counter<long> _padding;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _replays;
    private readonly ILoggingAdapter _log;
    private bool _hasThrown;

    public JournalMeter(ActorSystem system, string log, BatchCache cache, Func<long> pending, Func<int> ids)
    {
        _log = Logging.GetLogger(system, typeof(JournalMeter));
        _meter = new Meter(new MeterOptions(Name) { Tags = [new("akka.actor.system", system.Name), new("log", log)] });
        _commit = _meter.CreateHistogram(
            Prefix + "commit.duration", "s", "From the write of a batch to its answer, and those of all before it", tags: null,
            new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.5, 1, 5],
            });
        _batch = _meter.CreateHistogram(
            Prefix + "batch.records", "{record}", "Records of a batch", tags: null,
            new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096] });
        _padding = _meter.CreateCounter<long>(Prefix + "padding", "By", "Zeros behind batches, up to a block");
        _failures = _meter.CreateCounter<long>(Prefix + "failures", "{batch}", "Batches that were not written, or may not have been");
        _replays = _meter.CreateCounter<long>(Prefix + "replays", "{replay}", "Replays that were begun");
        _meter.CreateObservableGauge(Prefix + "pending", pending, "By", "Bytes that wait for the disk, or that it has");
        _meter.CreateObservableGauge(Prefix + "ids", ids, "{id}", "Persistence ids that are known");
        _meter.CreateObservableCounter(Prefix + "cache.hits", () => cache.Hits, "{batch}", "Batches that a replay found in memory");
        _meter.CreateObservableCounter(Prefix + "cache.misses", () => cache.Misses, "{batch}", "Batches that a replay had to read");
    }

    public void Committed(TimeSpan took, int records, int padding)
    {
        try
        {
            _commit.Record(took.TotalSeconds);
            _batch.Record(records);
            _padding.Add(padding);
        }
        catch (Exception e)
        {
            OnListenerThrew(e);
        }
    }

    public void Failed() => Count(_failures);

    public void Replayed() => Count(_replays);

    public void Dispose()
    {
        try
        {
            _meter.Dispose(); // tells the listeners
        }
        catch (Exception e)
        {
            OnListenerThrew(e);
        }
    }

    private void Count(Counter<long> counter)
    {
        try
        {
            counter.Add(1);
        }
        catch (Exception e)
        {
            OnListenerThrew(e);
        }
    }

    private void OnListenerThrew(Exception cause)
    {
        if (!_hasThrown)
        {
            _hasThrown = true;
            _log.Error(cause, "A metrics listener threw; what it threw at is lost. Further failures are not logged");
        }
    }
}
