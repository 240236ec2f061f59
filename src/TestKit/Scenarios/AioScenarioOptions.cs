using Akka.Configuration;

namespace AkkaAio.TestKit;

/// <summary>What <see cref="AioScenarios"/> runs, and how.</summary>
public sealed record AioScenarioOptions
{
    /// <summary>What befalls each operation, one after the other.</summary>
    public IReadOnlyList<DiskFault> Faults { get; init; } = DiskFault.Default;

    /// <summary>Which operations of the run without a fault it befalls; null: all of them.</summary>
    public Func<DiskOperation, bool>? Where { get; init; }

    /// <summary>
    /// The most scenarios that are run. Where there are more the seed chooses, and the report says that they were not all.
    /// </summary>
    public int MaxScenarios { get; init; } = 1000;

    /// <summary>Of the disks, and of what is chosen beyond <see cref="MaxScenarios"/>. A failure says it.</summary>
    public int Seed { get; init; } = Random.Shared.Next();

    /// <summary>The one scenario to run, by the number that a failure says; null: all.</summary>
    public int? Only { get; init; }

    /// <summary>How long one scenario may take, by the machine's clock.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Of the actor systems that <see cref="AioScenario.StartSystem"/> makes.</summary>
    public Config Config { get; init; } = Config.Empty;

    /// <summary>Makes a scenario's disk of its seed: with files that are there already, another alignment or rules of its own.</summary>
    public Func<int, AioTestDisk> NewDisk { get; init; } = seed => new AioTestDisk { Seed = seed };
}
