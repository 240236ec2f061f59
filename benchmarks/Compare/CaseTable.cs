using System.Globalization;
using System.Text;
using Spectre.Console;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>
/// A case as two tables of text with a row for each contender: the figures, and the ratios to each reference. For the terminal and for
/// Markdown alike.
/// </summary>
internal sealed record CaseTable(IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    public static CaseTable Figures(CaseResult result) => new(
        [
            "", "IOPS (min..max)", "MiB/s", "p50 µs", "p99 µs", "p99.9 µs", "CPU µs/op", "CPU µs/MiB", "B/op", "switches/op",
            "submit", "reap",
        ],
        [.. result.Names.Select(name => FiguresOf(result, name))]);

    public static CaseTable Ratios(CaseResult result) => new(
        ["", .. result.References.SelectMany(reference => result.Case.Ratios.Select((figure, i) =>
            i == 0 ? $"{Name(figure)} / {reference}" : Name(figure)))],
        [.. result.Names.Select(name => RatiosOf(result, name))]);

    public Table ForTerminal(string title)
    {
        var table = new Table { Title = new TableTitle(Markup.Escape(title)), Border = TableBorder.Rounded };
        foreach (var column in Header)
        {
            table.AddColumn(Markup.Escape(column));
        }

        foreach (var row in Rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        return table;
    }

    public string ForMarkdown()
    {
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", Header).AppendLine(" |");
        text.Append('|').Append(string.Concat(Enumerable.Repeat("---|", Header.Count))).AppendLine();
        foreach (var row in Rows)
        {
            text.Append("| ").AppendJoin(" | ", row).AppendLine(" |");
        }

        return text.ToString();
    }

    private static IReadOnlyList<string> FiguresOf(CaseResult result, string name) =>
    [
        name,
        Text(result.Of(name, round => round.Iops), "#,0"),
        Median(result.Of(name, round => round.BwBytes / (1 << 20)), "0"),
        Median(result.Of(name, round => round.LatNs.P50 / 1e3), "0.0"),
        Median(result.Of(name, round => round.LatNs.P99 / 1e3), "0.0"),
        Median(result.Of(name, round => round.LatNs.P999 / 1e3), "0.0"),
        Median(result.Of(name, round => round.CpuUsPerOp), "0.00"),
        Median(result.Of(name, round => round.CpuUsPerOp * (1 << 20) / result.Case.Bs), "0"),
        Median(result.Of(name, round => round.AllocBytesPerOp), "0.0"),
        Median(result.Of(name, round => round.CtxSwitchesPerOp), "0.000"),
        Median(result.Of(name, round => round.SubmitBatch), "0.0"),
        Median(result.Of(name, round => round.ReapBatch), "0.0"),
    ];

    private static IReadOnlyList<string> RatiosOf(CaseResult result, string name) =>
    [
        name,
        .. result.References.SelectMany(reference => result.Case.Ratios.Select(figure =>
            Text(result.Ratio(name, reference, round => round.Of(figure)), "0.00"))),
    ];

    private static string Name(Figure figure) => figure switch
    {
        Figure.Iops => "IOPS",
        Figure.Cpu => "CPU",
        _ => figure.ToString().ToLowerInvariant(),
    };

    private static string Median(Spread? spread, string format) => spread is null or { Max: 0 }
        ? "" : spread.Median.ToString(format, CultureInfo.InvariantCulture);

    private static string Text(Spread? spread, string format) => spread is null or { Max: 0 } ? "" :
        $"{spread.Median.ToString(format, CultureInfo.InvariantCulture)} ({spread.Min.ToString(format, CultureInfo.InvariantCulture)}.." +
        $"{spread.Max.ToString(format, CultureInfo.InvariantCulture)})";
}
