namespace AkkaAio.TestKit;

/// <summary>What <see cref="AioScenarios"/> has run; all of it was as the test wants it.</summary>
public sealed class AioScenarioReport
{
    internal AioScenarioReport()
    {
    }

    /// <summary>It repeats them.</summary>
    public int Seed { get; internal init; }

    /// <summary>Operations of the run without a fault that something may befall.</summary>
    public int Operations { get; internal init; }

    /// <summary>Scenarios that were run.</summary>
    public int Scenarios { get; internal init; }

    /// <summary>Scenarios that there are: each fault at each operation where it can happen.</summary>
    public int Possible { get; internal init; }

    /// <summary>
    /// Scenarios in which the operation did not come, so that nothing befell it: the test does not do the same each time.
    /// </summary>
    public IReadOnlyList<string> NotReached { get; internal init; } = [];

    /// <summary>All that there are were run, and in each the fault occurred.</summary>
    public bool IsExhaustive => Scenarios == Possible && NotReached.Count == 0;

    /// <summary>"84 of 84 scenarios at 28 operations, seed 5".</summary>
    public override string ToString() =>
        $"{Scenarios} of {Possible} scenarios at {Operations} operations, seed {Seed}" +
        (NotReached.Count == 0 ? "" : $"; not reached: {string.Join(", ", NotReached)}");
}
