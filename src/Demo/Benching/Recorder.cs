using System.Diagnostics;
using HdrHistogram;

namespace AkkaAio.Demo.Benching;

/// <summary>Latencies and failures as one thread at a time sees them; put together when it is over.</summary>
internal sealed class Recorder
{
    // Two digits: as fine as fio's own buckets, and few enough of them to stay in the cache.
    private const int Digits = 2;

    private static readonly long Longest = TimeSpan.FromHours(1).Ticks * TimeSpan.NanosecondsPerTick;
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private long _errors;

    public LongHistogram Reads { get; } = NewHistogram();

    public LongHistogram Writes { get; } = NewHistogram();

    public LongHistogram Syncs { get; } = NewHistogram();

    /// <summary>Reads and writes; a sync is none, as fio counts.</summary>
    public long Operations => Reads.TotalCount + Writes.TotalCount;

    public long Errors => Volatile.Read(ref _errors);

    public Exception? FirstError { get; private set; }

    /// <summary>One operation, from one timestamp of the stopwatch to another.</summary>
    public void Record(OperationKind kind, long started, long completed)
    {
        var histogram = kind switch
        {
            OperationKind.Read => Reads,
            OperationKind.Write => Writes,
            _ => Syncs,
        };
        histogram.RecordValue(Math.Clamp((long)((completed - started) * NanosecondsPerTick), 1, Longest));
    }

    public void Fail(Exception cause)
    {
        FirstError ??= cause;
        _errors++;
    }

    /// <summary>Adds another's figures, which may still be growing: then roughly.</summary>
    public void Add(Recorder other)
    {
        Reads.Add(other.Reads.Copy());
        Writes.Add(other.Writes.Copy());
        Syncs.Add(other.Syncs.Copy());
        FirstError ??= other.FirstError;
        _errors += other.Errors;
    }

    private static LongHistogram NewHistogram() => new(1, Longest, Digits);
}
