using HdrHistogram;

namespace AkkaAio.Demo.Benching;

/// <summary>What was measured. The names are those of the JSON, there in snake_case.</summary>
internal sealed record BenchResult
{
    public required double Iops { get; init; }

    /// <summary>Bytes a second.</summary>
    public required double BwBytes { get; init; }

    public required LatencyFigures LatNs { get; init; }

    public required double CpuUsPerOp { get; init; }

    public required double CpuUserUsPerOp { get; init; }

    public required double CpuSystemUsPerOp { get; init; }

    public required double AllocBytesPerOp { get; init; }

    public required double CtxSwitchesPerOp { get; init; }

    public required double SubmitBatch { get; init; }

    public required double ReapBatch { get; init; }

    public required long Errors { get; init; }

    public string? FirstError { get; init; }

    /// <summary>Reads and writes that completed in the time; a sync is neither, as fio counts.</summary>
    public required long Ops { get; init; }

    /// <summary>Seconds that were measured.</summary>
    public required double Seconds { get; init; }

    /// <summary>Garbage collections in that time.</summary>
    public required int Collections { get; init; }

    public DirectionFigures? Read { get; init; }

    public DirectionFigures? Write { get; init; }

    public DirectionFigures? Sync { get; init; }

    /// <summary>What was asked for, and on what machine.</summary>
    public required IReadOnlyDictionary<string, object?> Config { get; init; }

    /// <summary>Puts the figures of a time together.</summary>
    public static BenchResult From(
        IEnumerable<Recorder> recorders, TimeSpan elapsed, Usage usage, Batches batches, int blockSize,
        IReadOnlyDictionary<string, object?> config)
    {
        var sum = new Recorder();
        foreach (var recorder in recorders)
        {
            sum.Add(recorder);
        }

        var ops = sum.Operations;
        var all = (LongHistogram)sum.Reads.Copy();
        all.Add(sum.Writes);
        var user = usage.Resources.User.TotalMicroseconds;
        var system = usage.Resources.System.TotalMicroseconds;
        return new BenchResult
        {
            Iops = ops / elapsed.TotalSeconds,
            BwBytes = ops / elapsed.TotalSeconds * blockSize,
            LatNs = LatencyFigures.Of(all),
            CpuUsPerOp = PerOp(user + system),
            CpuUserUsPerOp = PerOp(user),
            CpuSystemUsPerOp = PerOp(system),
            AllocBytesPerOp = PerOp(usage.AllocatedBytes),
            CtxSwitchesPerOp = PerOp(usage.Resources.ContextSwitches),
            SubmitBatch = batches.MeanSubmit,
            ReapBatch = batches.MeanReap,
            Errors = sum.Errors,
            FirstError = sum.FirstError?.Message,
            Ops = ops,
            Seconds = elapsed.TotalSeconds,
            Collections = usage.Collections,
            Read = DirectionFigures.Of(sum.Reads, elapsed, blockSize),
            Write = DirectionFigures.Of(sum.Writes, elapsed, blockSize),
            Sync = DirectionFigures.Of(sum.Syncs, elapsed, 0),
            Config = config,
        };

        double PerOp(double figure) => ops == 0 ? 0 : figure / ops;
    }
}

/// <summary>Latencies in nanoseconds: from the command to its reply, as the requester sees both.</summary>
internal sealed record LatencyFigures(double Mean, long P50, long P99, long P999, long Max)
{
    public static LatencyFigures None { get; } = new(0, 0, 0, 0, 0);

    public static LatencyFigures Of(HistogramBase histogram) => histogram.TotalCount == 0
        ? None
        : new LatencyFigures(
            histogram.GetMean(), histogram.GetValueAtPercentile(50), histogram.GetValueAtPercentile(99),
            histogram.GetValueAtPercentile(99.9), histogram.GetMaxValue());
}

/// <summary>The reads, writes or syncs alone.</summary>
internal sealed record DirectionFigures(double Iops, double BwBytes, LatencyFigures LatNs)
{
    /// <summary>Null when there were none.</summary>
    public static DirectionFigures? Of(HistogramBase histogram, TimeSpan elapsed, int blockSize)
    {
        var iops = histogram.TotalCount / elapsed.TotalSeconds;
        return histogram.TotalCount == 0 ? null : new DirectionFigures(iops, iops * blockSize, LatencyFigures.Of(histogram));
    }
}
