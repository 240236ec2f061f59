using System.Globalization;
using Spectre.Console;

namespace AkkaAio.Demo.Benching;

/// <summary>The result as a table for people: reads and writes side by side where there are both.</summary>
internal static class BenchTable
{
    public static Table Make(string title, BenchResult result)
    {
        var table = new Table { Title = new TableTitle(Markup.Escape(title)), Border = TableBorder.Rounded };
        (string Name, DirectionFigures? Figures)[] directions =
            [("read", result.Read), ("write", result.Write), ("sync", result.Sync)];
        var shown = directions.Where(direction => direction.Figures is not null).ToArray();
        if (shown.Length < 2)
        {
            shown = [];
        }

        table.AddColumn("");
        table.AddColumn(new TableColumn(shown.Length == 0 ? "" : "all").RightAligned());
        foreach (var (name, _) in shown)
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        if (shown.Length == 0)
        {
            table.HideHeaders();
        }

        AddEach("IOPS", Number(result.Iops), figures => Number(figures.Iops));
        AddEach("bandwidth", Bandwidth(result.BwBytes), figures => figures.BwBytes == 0 ? "" : Bandwidth(figures.BwBytes));
        AddEach("latency p50", Time(result.LatNs.P50), figures => Time(figures.LatNs.P50));
        AddEach("latency p99", Time(result.LatNs.P99), figures => Time(figures.LatNs.P99));
        AddEach("latency p99.9", Time(result.LatNs.P999), figures => Time(figures.LatNs.P999));
        AddEach("latency max", Time(result.LatNs.Max), figures => Time(figures.LatNs.Max));
        Add("CPU an op", string.Create(
            CultureInfo.InvariantCulture,
            $"{result.CpuUsPerOp:0.00} µs ({result.CpuUserUsPerOp:0.00} user, {result.CpuSystemUsPerOp:0.00} system)"));
        Add("allocated an op", string.Create(CultureInfo.InvariantCulture, $"{result.AllocBytesPerOp:0.0} B"));
        Add("context switches an op", result.CtxSwitchesPerOp.ToString("0.000", CultureInfo.InvariantCulture));
        Add("mean submit batch", result.SubmitBatch.ToString("0.0", CultureInfo.InvariantCulture));
        Add("mean reap batch", result.ReapBatch.ToString("0.0", CultureInfo.InvariantCulture));
        Add("errors", Number(result.Errors));
        return table;

        void AddEach(string name, string all, Func<DirectionFigures, string> each) =>
            table.AddRow([name, all, .. shown.Select(direction => each(direction.Figures!))]);

        void Add(string name, string all) => table.AddRow(name, all);
    }

    private static string Number(double number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Bandwidth(double bytes) => bytes >= 1 << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 30):0.00} GiB/s")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 20):0.0} MiB/s");

    private static string Time(long nanoseconds) => nanoseconds switch
    {
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e3:0.0} µs"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.00} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e9:0.00} s"),
    };
}
