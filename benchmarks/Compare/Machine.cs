using System.Globalization;
using System.Runtime.InteropServices;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>What it was measured on: ratios travel, absolutes do not.</summary>
internal sealed record Machine(string Cpu, int Cores, string Kernel, string Dotnet, string FileSystem, int Rounds, double Runtime)
{
    public static Machine Of(string filename, int rounds, Timing timing) => new(
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        Environment.Version.ToString(),
        new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(filename)) ?? "/").DriveFormat,
        rounds,
        timing.Runtime.TotalSeconds);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Cpu}, {Cores} cores; Linux {Kernel}; .NET {Dotnet}; {FileSystem}; {Rounds} rounds of {Runtime} s");
}
