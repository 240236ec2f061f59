using System.Text.Json.Nodes;
using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>fio's <c>--output-format=json</c> in the figures of everybody else.</summary>
internal static class FioJson
{
    /// <exception cref="ChildFailedException">It is no output of fio, or fio reports an error.</exception>
    public static BenchResult Read(string text)
    {
        // fio puts warnings before its JSON.
        var json = JsonNode.Parse(text[Math.Max(0, text.IndexOf('{', StringComparison.Ordinal))..]);
        if (json?["jobs"]?[0] is not { } job)
        {
            throw new ChildFailedException("fio printed no result");
        }

        if ((int?)job["error"] is { } error and not 0)
        {
            throw new ChildFailedException($"fio: errno {error}");
        }

        var (read, write) = (DirectionOf(job["read"]), DirectionOf(job["write"]));
        var direction = read ?? write ?? throw new ChildFailedException("fio did nothing");
        var ops = (long)job["read"]!["total_ios"]! + (long)job["write"]!["total_ios"]!;

        // Percent of the time that all jobs ran together, in ms.
        var time = (double)job["job_runtime"]! * 1000 / 100;
        var (user, system) = ((double)job["usr_cpu"]! * time / ops, (double)job["sys_cpu"]! * time / ops);
        return new BenchResult
        {
            Iops = (read?.Iops ?? 0) + (write?.Iops ?? 0),
            BwBytes = (read?.BwBytes ?? 0) + (write?.BwBytes ?? 0),
            LatNs = direction.LatNs,
            CpuUsPerOp = user + system,
            CpuUserUsPerOp = user,
            CpuSystemUsPerOp = system,
            AllocBytesPerOp = 0,
            CtxSwitchesPerOp = (double)job["ctx"]! / ops,
            SubmitBatch = 0,
            ReapBatch = 0,
            Errors = 0,
            Ops = ops,
            Seconds = (double)job["job_runtime"]! / 1000,
            Collections = 0,
            Read = read,
            Write = write,
            Sync = null,
            Config = new Dictionary<string, object?> { ["contender"] = (string?)json["fio version"] },
        };
    }

    /// <summary>Jobs that ran once, at the same time, from start to end: one result, over the time of the slowest.</summary>
    /// <exception cref="ChildFailedException">As of <see cref="Read"/>.</exception>
    public static BenchResult ReadPass(string text, int blockSize)
    {
        var json = JsonNode.Parse(text[Math.Max(0, text.IndexOf('{', StringComparison.Ordinal))..]);
        var jobs = json?["jobs"]?.AsArray() ?? throw new ChildFailedException("fio printed no result");
        if (jobs.FirstOrDefault(job => (int?)job!["error"] is not (null or 0)) is { } failed)
        {
            throw new ChildFailedException($"fio: errno {failed["error"]}");
        }

        var (ops, seconds) = (Ops("read") is var reads and > 0 ? reads : Ops("write"), jobs.Max(Milliseconds) / 1000);
        var (user, system) = (MicrosecondsPerOp("usr_cpu"), MicrosecondsPerOp("sys_cpu"));
        return new BenchResult
        {
            Iops = ops / seconds,
            BwBytes = ops / seconds * blockSize,
            LatNs = LatencyFigures.None,
            CpuUsPerOp = user + system,
            CpuUserUsPerOp = user,
            CpuSystemUsPerOp = system,
            AllocBytesPerOp = 0,
            CtxSwitchesPerOp = jobs.Sum(job => (double)job!["ctx"]!) / ops,
            SubmitBatch = 0,
            ReapBatch = 0,
            Errors = 0,
            Ops = ops,
            Seconds = seconds,
            Collections = 0,
            Config = new Dictionary<string, object?> { ["contender"] = (string?)json["fio version"] },
        };

        static double Milliseconds(JsonNode? job) => (double)job!["job_runtime"]!;

        long Ops(string direction) => jobs.Sum(job => (long)job![direction]!["total_ios"]!);

        double MicrosecondsPerOp(string percent) => jobs.Sum(job => (double)job![percent]! * Milliseconds(job)) * 10 / ops;
    }

    private static DirectionFigures? DirectionOf(JsonNode? direction)
    {
        if (direction is null || (long)direction["total_ios"]! == 0)
        {
            return null;
        }

        // None with gtod_reduce.
        var latency = direction["lat_ns"];
        var percentiles = latency?["percentile"];
        return new DirectionFigures((double)direction["iops"]!, (double)direction["bw_bytes"]!, new LatencyFigures(
            (double?)latency?["mean"] ?? 0, Percentile("50.000000"), Percentile("99.000000"), Percentile("99.900000"),
            (long?)latency?["max"] ?? 0));

        long Percentile(string name) => (long?)percentiles?[name] ?? 0;
    }
}
