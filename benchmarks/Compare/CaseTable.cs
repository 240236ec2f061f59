using System.Globalization;
using Spectre.Console;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>A case as rows of text: one a contender, with ratios to each reference. For the terminal and for Markdown alike.</summary>
internal static class CaseTable
{
    public static IReadOnlyList<string> Header(CaseResult result) =>
    [
        "", "IOPS (min..max)", "MiB/s", "p50 µs", "p99.9 µs", "CPU µs/op", "B/op", "switches/op", "submit", "reap",
        .. result.References.SelectMany(reference => (string[])[$"IOPS / {reference}", $"CPU / {reference}"]),
    ];

    public static IEnumerable<IReadOnlyList<string>> Rows(CaseResult result) => result.Names.Select(name => (IReadOnlyList<string>)
    [
        name,
        Text(result.Of(name, round => round.Iops), "#,0"),
        Median(result.Of(name, round => round.BwBytes / (1 << 20)), "0"),
        Median(result.Of(name, round => round.LatNs.P50 / 1e3), "0.0"),
        Median(result.Of(name, round => round.LatNs.P999 / 1e3), "0.0"),
        Median(result.Of(name, round => round.CpuUsPerOp), "0.00"),
        Median(result.Of(name, round => round.AllocBytesPerOp), "0.0"),
        Median(result.Of(name, round => round.CtxSwitchesPerOp), "0.000"),
        Median(result.Of(name, round => round.SubmitBatch), "0.0"),
        Median(result.Of(name, round => round.ReapBatch), "0.0"),
        .. result.References.SelectMany(reference => (string[])
        [
            Text(result.Ratio(name, reference, round => round.Iops), "0.00"),
            Text(result.Ratio(name, reference, round => round.CpuUsPerOp), "0.00"),
        ]),
    ]);

    public static Table ForTerminal(CaseResult result)
    {
        var table = new Table { Title = new TableTitle(result.Case.Name), Border = TableBorder.Rounded };
        foreach (var column in Header(result))
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        }

        foreach (var row in Rows(result))
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        return table;
    }

    private static string Median(Spread? spread, string format) => spread is null or { Max: 0 }
        ? "" : spread.Median.ToString(format, CultureInfo.InvariantCulture);

    private static string Text(Spread? spread, string format) => spread is null or { Max: 0 } ? "" :
        $"{spread.Median.ToString(format, CultureInfo.InvariantCulture)} ({spread.Min.ToString(format, CultureInfo.InvariantCulture)}.." +
        $"{spread.Max.ToString(format, CultureInfo.InvariantCulture)})";
}
