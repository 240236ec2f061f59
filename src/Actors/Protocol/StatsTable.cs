using System.Globalization;
using System.Text;

namespace AkkaAio;

/// <summary>The figures of <see cref="Aio.Stats"/> as text: a line for the system, a row for each shard, and one for all of them.</summary>
internal static class StatsTable
{
    private static readonly string[] Heads =
        ["shard", "in flight", "queued", "reads", "read", "writes", "written", "syncs", "errors", "refused", "p50", "p99", "max"];

    public static string Of(Aio.Stats stats)
    {
        List<string[]> rows = [Heads, .. stats.Shards.Select(RowOf)];
        if (stats.Shards.Count > 1)
        {
            rows.Add(SumOf(stats.Shards));
        }

        var widths = Heads.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{stats.Engine}, {stats.OpenFiles} files open, {stats.RentedBuffers} buffers rented, pool ")
            .Append(Bytes(stats.PoolAllocatedBytes)).Append(" of ").Append(Bytes(stats.PoolBudgetBytes));
        foreach (var row in rows)
        {
            text.Append('\n').AppendJoin("  ", row.Select((cell, column) => cell.PadLeft(widths[column])));
        }

        return text.ToString();
    }

    private static string[] RowOf(Aio.ShardStats shard) =>
    [
        Number(shard.Shard), $"{Number(shard.InFlight)}/{Number(shard.Depth)}", Number(shard.Queued),
        Number(shard.Reads), Bytes(shard.ReadBytes), Number(shard.Writes), Bytes(shard.WrittenBytes), Number(shard.DataSyncs),
        Number(shard.Errors), Number(shard.Overloads),
        Time(shard.DeviceLatency.P50), Time(shard.DeviceLatency.P99), Time(shard.DeviceLatency.Max),
    ];

    // Percentiles of several shards do not add up: only the longest time is that of all.
    private static string[] SumOf(IReadOnlyList<Aio.ShardStats> shards) =>
    [
        "all", $"{Number(shards.Sum(shard => shard.InFlight))}/{Number(shards.Sum(shard => (long)shard.Depth))}",
        Number(shards.Sum(shard => (long)shard.Queued)), Number(shards.Sum(shard => shard.Reads)),
        Bytes(shards.Sum(shard => shard.ReadBytes)), Number(shards.Sum(shard => shard.Writes)),
        Bytes(shards.Sum(shard => shard.WrittenBytes)), Number(shards.Sum(shard => shard.DataSyncs)),
        Number(shards.Sum(shard => shard.Errors)), Number(shards.Sum(shard => shard.Overloads)),
        "", "", Time(shards.Max(shard => shard.DeviceLatency.Max)),
    ];

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Bytes(long bytes) => bytes switch
    {
        < 10 << 10 => Number(bytes),
        < 10 << 20 => $"{Number(bytes >> 10)} KiB",
        < 10L << 30 => $"{Number(bytes >> 20)} MiB",
        _ => $"{Number(bytes >> 30)} GiB",
    };

    private static string Time(TimeSpan time) => time.TotalMicroseconds switch
    {
        < 10_000 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:0} µs"),
        < 10_000_000 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s"),
    };
}
