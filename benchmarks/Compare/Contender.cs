using System.Globalization;
using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>How long a measurement takes.</summary>
internal sealed record Timing(TimeSpan Runtime, TimeSpan RampTime);

/// <summary>A contender: a command line, and how to read what it prints. Each measurement is a process of its own.</summary>
/// <param name="name">In the reports.</param>
/// <param name="jobs">How many share the case's depth.</param>
internal abstract class Contender(string name, int jobs)
{
    public string Name => name;

    /// <summary>Jobs, or requesters.</summary>
    protected int Jobs => jobs;

    /// <summary>Another target than the case's.</summary>
    public Target? Target { get; init; }

    /// <summary>Another depth than the case's.</summary>
    public int? Depth { get; init; }

    /// <summary>Whether idle workers of .NET's pool spin before they sleep, as they do where nobody has set it.</summary>
    public bool PoolSpins { get; init; } = true;

    /// <summary>What its process is to have in its environment, besides ours.</summary>
    public IReadOnlyDictionary<string, string> Environment =>
        PoolSpins ? [] : new Dictionary<string, string> { ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0" };

    /// <summary>Program and arguments.</summary>
    public abstract IReadOnlyList<string> CommandLine(Case @case, string filename, long size, Timing timing);

    /// <summary>Reads what it printed.</summary>
    public virtual BenchResult Read(string stdout) => BenchJson.Read(stdout);

    protected int DepthOf(Case @case) => Math.Max(1, (Depth ?? @case.Depth) / jobs);

    protected static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What all of ours take, the demo's bench and the contenders here.</summary>
    protected IEnumerable<string> Options(Case @case, string filename, long size, Timing timing) =>
    [
        "--filename", filename, "--size", Number(size), "--rw", BenchConfig.NameOf(@case.Rw), "--bs", Number(@case.Bs),
        "--iodepth", Number(DepthOf(@case)), "--numjobs", Number(jobs),
        "--runtime", Number(timing.Runtime.TotalSeconds), "--ramp_time", Number(timing.RampTime.TotalSeconds),
    ];
}

/// <summary>fio, the reference in C.</summary>
internal sealed class FioContender(string ioengine, int jobs = 1, bool tuned = false)
    : Contender($"fio {ioengine}{(jobs > 1 ? $" x{jobs}" : "")}{(tuned ? " tuned" : "")}", jobs)
{
    public override IReadOnlyList<string> CommandLine(Case @case, string filename, long size, Timing timing) =>
    [
        "fio", $"--name={@case.Name}", $"--filename={filename}", $"--size={size}", $"--rw={BenchConfig.NameOf(@case.Rw)}",
        $"--bs={@case.Bs}", $"--ioengine={ioengine}", $"--iodepth={DepthOf(@case)}", $"--numjobs={Jobs}", "--group_reporting",
        "--direct=1", "--time_based",
        $"--runtime={timing.Runtime.TotalMilliseconds:0}ms", $"--ramp_time={timing.RampTime.TotalMilliseconds:0}ms",
        "--randrepeat=0", "--output-format=json", "--lat_percentiles=1", "--clat_percentiles=0",
        .. tuned ? (string[])
            ["--iodepth_batch_submit=32", "--iodepth_batch_complete_max=64", "--gtod_reduce=1", "--norandommap"] : [],
    ];

    public override BenchResult Read(string stdout) => FioJson.Read(stdout);
}

/// <summary>AkkaAio, by the demo's bench verb.</summary>
internal sealed class BenchContender(BenchApi api, int jobs = 1, string suffix = "", params string[] options)
    : Contender($"AkkaAio {BenchConfig.NameOf(api)}{(jobs > 1 ? $" x{jobs}" : "")}{suffix}", jobs)
{
    /// <summary>False: on the engine that does nothing.</summary>
    public bool MovesData { get; init; } = true;

    public override IReadOnlyList<string> CommandLine(Case @case, string filename, long size, Timing timing) =>
    [
        Dotnet.Host, .. MovesData ? (string[])[Dotnet.Assembly("AkkaAio.Demo"), "bench"] : [Dotnet.Assembly("AkkaAio.Benchmarks"), "null"],
        .. Options(@case, filename, size, timing), "--api",
        BenchConfig.NameOf(api), "--allow-overwrite", "--json", "-", .. options,
    ];
}

/// <summary>What is measured by this very program, in another process.</summary>
internal sealed class OwnContender(string name, string kind, int jobs = 1, params string[] options) : Contender(name, jobs)
{
    public override IReadOnlyList<string> CommandLine(Case @case, string filename, long size, Timing timing) =>
    [
        Dotnet.Host, Dotnet.Assembly("AkkaAio.Benchmarks"), "contender", kind, .. Options(@case, filename, size, timing), .. options,
    ];
}

/// <summary>How to start what lies beside us.</summary>
internal static class Dotnet
{
    public static string Host => Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet";

    public static string Assembly(string name) => Path.Join(AppContext.BaseDirectory, $"{name}.dll");
}
