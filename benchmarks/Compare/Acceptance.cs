using System.Globalization;
using Spectre.Console;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>A ratio that a contender is to reach: the median of the rounds' own ratios.</summary>
/// <param name="Case">Of <see cref="Cases"/>.</param>
/// <param name="Contender">Ours.</param>
/// <param name="Reference">Whose figure of the same round ours is divided by.</param>
/// <param name="Figure">Which: IOPS are to reach the limit, the others to stay below it.</param>
/// <param name="Limit">Null: shown, without a verdict.</param>
/// <param name="Stretch">What would be better still.</param>
internal sealed record Bound(string Case, string Contender, string Reference, Figure Figure, double? Limit, double? Stretch = null)
{
    public bool IsMetBy(double ratio, double limit) => Figure == Figure.Iops ? ratio >= limit : ratio <= limit;

    /// <summary>Enough as well.</summary>
    public Bound? Or { get; init; }

    public Spread? Ratio(CaseResult result) => result.Ratio(Contender, Reference, round => round.Of(Figure));
}

/// <summary>
/// <c>compare --acceptance</c>: one requester beside fio and the better of the two RandomAccess rows of the same round and pool setting;
/// streams beside FileIO with its own chunks of 8 KiB.
/// </summary>
internal static class Acceptance
{
    /// <summary>Below this many rounds a median says little: spreads of 0.88 to 1.09 were seen.</summary>
    public const int Rounds = 9;

    private const string Ours = "AkkaAio messages";
    private const string OnShard = "AkkaAio tasks on shard, no poll";

    private static readonly (string Name, double? Cpu, double? Stretch)[] Loads =
        [("randread-8", 1.7, 1.5), ("randread-32", 1.0, null), ("randread-128", 0.8, null), ("randwrite-64", 0.9, null)];

    public static IReadOnlyList<Bound> Bounds { get; } =
    [
        .. Loads.SelectMany(load => (Bound[])
        [
            new(load.Name, Ours, Cases.BestRandomAccess, Figure.Iops, 0.97, 1.0),
            new(load.Name, Ours, Cases.FioAio, Figure.Iops, 0.93, 1.0),
            new(load.Name, Ours, Cases.BestRandomAccess, Figure.Cpu, load.Cpu, load.Stretch),
        ]),
        new("randread-1", Ours, Cases.BestRandomAccess, Figure.Cpu, 1.3),
        new("randread-1", Ours, Cases.FioAio, Figure.P50, null), // as before: compare with the last release
        .. new (string Name, double Cpu)[] { ("randread-8", 1.1), ("randread-32", 0.95), ("randread-128", 0.7) }.Select(load => new Bound(
            load.Name, Ours + Cases.NoSpin, Cases.BestRandomAccess + Cases.NoSpin, Figure.Cpu, load.Cpu)),
        new("stream-read-1", StreamCases.Ours, StreamCases.FileIo, Figure.Iops, 1.0),
        new("stream-read-1", StreamCases.Ours, StreamCases.FileIo, Figure.Cpu, 0.5),
        OfFileIoOrFio("stream-read-16", 1.5),
        new("stream-write-1", StreamCases.Ours, StreamCases.FileIo, Figure.Iops, 1.0),
        OfFileIoOrFio("stream-copy-1", 1.2),
        new("stream-timer", $"timer beside {StreamCases.Ours}", $"timer beside CPU load as of {StreamCases.Ours}", Figure.P99, 2.0),
        .. Loads.Select(load => load.Name).Prepend("randread-1").Select(name => new Bound(name, OnShard, Cases.FioAio, Figure.Cpu, 1.1)),
    ];

    /// <summary>The cases, with the contenders that the bounds are about and no others.</summary>
    public static IReadOnlyList<Case> Needed => [.. Cases.All.Where(known => Bounds.Any(bound => bound.Case == known.Name)).Select(known =>
    {
        var bounds = Bounds.Where(bound => bound.Case == known.Name)
            .SelectMany(bound => bound.Or is { } or ? (Bound[])[bound, or] : [bound]);
        var names = bounds.SelectMany(bound => (string[])[bound.Contender, bound.Reference])
            .SelectMany(name => known.Bests.FirstOrDefault(best => best.Name == name)?.Of ?? [name]).ToHashSet();
        return known with { Contenders = [.. known.Contenders.Where(contender => names.Contains(contender.Name))] };
    })];

    private static Bound OfFileIoOrFio(string name, double limit) => new(name, StreamCases.Ours, StreamCases.FileIo, Figure.Iops, limit)
    {
        Or = new(name, StreamCases.Ours, StreamCases.Fio, Figure.Iops, 0.95),
    };

    /// <summary>Prints each bound of these cases with its verdict. True: none is missed.</summary>
    public static bool Report(IReadOnlyList<Case> cases, IReadOnlyList<CaseResult> results, IAnsiConsole console)
    {
        var (table, allMet) = (new Table { Title = new TableTitle("Acceptance"), Border = TableBorder.Rounded }, true);
        table.AddColumns("", "contender", "of", "figure", "median (min..max)", "limit", "stretch", "verdict");
        foreach (var @case in cases)
        {
            var result = results.FirstOrDefault(result => result.Case.Name == @case.Name);
            foreach (var bound in Bounds.Where(bound => bound.Case == @case.Name))
            {
                allMet &= AddRows(table, bound, result);
            }
        }

        console.Write(table);
        return allMet;
    }

    private static bool AddRows(Table table, Bound bound, CaseResult? result)
    {
        var ratio = result is null ? null : bound.Ratio(result);
        var verdict = (ratio, bound.Limit) switch
        {
            (null, _) => "not measured",
            (_, null) => "",
            ({ } spread, { } limit) when !bound.IsMetBy(spread.Median, limit) => bound.Or is null ? "MISS" : "miss, unless the next",
            ({ } spread, _) when bound.Stretch is { } stretch && bound.IsMetBy(spread.Median, stretch) => "pass, stretch too",
            _ => "pass",
        };
        table.AddRow(
            Markup.Escape(bound.Case), Markup.Escape(bound.Contender), Markup.Escape(bound.Reference), $"{bound.Figure}",
            Text(ratio), Text(bound.Figure, bound.Limit), Text(bound.Figure, bound.Stretch), verdict);
        var isMet = !verdict.StartsWith("miss", StringComparison.OrdinalIgnoreCase) && verdict != "not measured";
        return (bound.Or is { } or && AddRows(table, or, result)) || isMet;
    }

    private static string Text(Spread? spread) => spread is null
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{spread.Median:0.00} ({spread.Min:0.00}..{spread.Max:0.00})");

    private static string Text(Figure figure, double? limit) => limit is null
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{(figure == Figure.Iops ? "≥" : "≤")} {limit:0.00}");
}
