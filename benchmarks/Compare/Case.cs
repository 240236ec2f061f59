using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>What a case runs on.</summary>
internal enum Target
{
    /// <summary>The file.</summary>
    File,

    /// <summary>The RAM block device.</summary>
    Zram,

    /// <summary>A folder of 10,000 small files.</summary>
    ManyFiles,

    /// <summary>A folder of 16 files that are as large together.</summary>
    FewFiles,

    /// <summary>A file that does not exist yet.</summary>
    NewFile,
}

/// <summary>One load, and its contenders.</summary>
/// <param name="Name">For <c>--cases</c> and the reports.</param>
/// <param name="Rw">The load.</param>
/// <param name="Bs">Bytes of an operation.</param>
/// <param name="Depth">Operations outstanding in all.</param>
internal sealed record Case(string Name, RwKind Rw, int Bs, int Depth)
{
    public Target Target { get; init; } = Target.File;

    public required IReadOnlyList<Contender> Contenders { get; init; }

    /// <summary>Contenders that all others are divided by, as far as they could run.</summary>
    public required IReadOnlyList<string> References { get; init; }

    /// <summary>References that are, in each round, the one of some contenders with the most IOPS.</summary>
    public IReadOnlyList<BestOf> Bests { get; init; } = [];

    /// <summary>What its ratios are of.</summary>
    public IReadOnlyList<Figure> Ratios { get; init; } = [Figure.Iops, Figure.Cpu];

    /// <summary>The least time of a measurement, for what a moment does not show.</summary>
    public TimeSpan LeastRuntime { get; init; }

    /// <summary>Whether it belongs to the few that <c>--quick</c> runs.</summary>
    public bool IsQuick { get; init; }

    /// <summary>Whether it runs only where <c>--cases</c> names it.</summary>
    public bool IsOnDemand { get; init; }
}

/// <summary>The best of some contenders.</summary>
internal sealed record BestOf(string Name, params IReadOnlyList<string> Of);

/// <summary>What is compared.</summary>
internal enum Figure
{
    Iops,
    Cpu,
    P50,
    P99,
}

internal static class Figures
{
    public static double Of(this BenchResult result, Figure figure) => figure switch
    {
        Figure.Iops => result.Iops,
        Figure.Cpu => result.CpuUsPerOp,
        Figure.P50 => result.LatNs.P50,
        _ => result.LatNs.P99,
    };
}
