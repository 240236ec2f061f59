namespace AkkaAio.TestKit;

/// <summary>What <see cref="AioScenarios"/> has run; all of it was as the test wants it.</summary>
/// <param name="Seed">It repeats them.</param>
/// <param name="Operations">Of the run without a fault, that something may befall.</param>
/// <param name="Scenarios">Those that were run.</param>
/// <param name="Possible">Those that there are: each fault at each operation where it can happen.</param>
/// <param name="NotReached">
/// Scenarios in which the operation did not come, so that nothing befell it: the test does not do the same each time.
/// </param>
public sealed record AioScenarioReport(int Seed, int Operations, int Scenarios, int Possible, IReadOnlyList<string> NotReached)
{
    /// <summary>All that there are were run, and in each the fault occurred.</summary>
    public bool IsExhaustive => Scenarios == Possible && NotReached.Count == 0;

    /// <summary>"84 of 84 scenarios at 28 operations, seed 5".</summary>
    public override string ToString() =>
        $"{Scenarios} of {Possible} scenarios at {Operations} operations, seed {Seed}" +
        (NotReached.Count == 0 ? "" : $"; not reached: {string.Join(", ", NotReached)}");
}
