using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>What the rounds of one case gave.</summary>
internal sealed class CaseResult(Case @case)
{
    private readonly Dictionary<string, Dictionary<int, BenchResult>> _rounds = [];
    private readonly Dictionary<string, string> _failures = [];

    public Case Case => @case;

    /// <summary>Contenders that cannot run here, and why.</summary>
    public IReadOnlyDictionary<string, string> Failures => _failures;

    /// <summary>Contenders with results, in the case's order.</summary>
    public IEnumerable<string> Names => @case.Contenders.Select(contender => contender.Name).Where(_rounds.ContainsKey);

    /// <summary>The references that have results.</summary>
    public IEnumerable<string> References => @case.References.Where(reference => Rounds(reference).Count > 0);

    public void Add(string contender, int round, BenchResult result)
    {
        if (!_rounds.TryGetValue(contender, out var rounds))
        {
            _rounds[contender] = rounds = [];
        }

        rounds[round] = result;
    }

    public void Fail(string contender, string reason) => _failures[contender] = reason;

    public IEnumerable<BenchResult> RoundsOf(string contender) =>
        Rounds(contender).OrderBy(round => round.Key).Select(round => round.Value);

    public Spread? Of(string contender, Func<BenchResult, double> figure) => Spread.Of(RoundsOf(contender).Select(figure));

    /// <summary>A figure of one through that of another, both of the same round.</summary>
    public Spread? Ratio(string contender, string reference, Func<BenchResult, double> figure) =>
        Rounds(reference) is var references
            ? Spread.Of(Rounds(contender)
                .Where(round => references.ContainsKey(round.Key))
                .Select(round => figure(round.Value) / figure(references[round.Key])))
            : null;

    private Dictionary<int, BenchResult> Rounds(string name) =>
        _rounds.TryGetValue(name, out var rounds) ? rounds
        : @case.Bests.FirstOrDefault(best => best.Name == name) is { } bestOf ? RoundsOf(bestOf)
        : [];

    // Of the rounds that all of them have: the best of fewer would be another.
    private Dictionary<int, BenchResult> RoundsOf(BestOf best) => best.Of.Where(_rounds.ContainsKey)
        .SelectMany(name => _rounds[name])
        .GroupBy(round => round.Key, round => round.Value)
        .Where(round => round.Count() == best.Of.Count(_rounds.ContainsKey))
        .ToDictionary(round => round.Key, round => round.MaxBy(result => result.Iops)!);
}
