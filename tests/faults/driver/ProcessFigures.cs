using System.Globalization;

namespace AkkaAio.FaultDriver;

/// <summary>What a process holds of the machine.</summary>
/// <param name="Contexts">Rings of AIO contexts mapped into this process.</param>
/// <param name="Descriptors">Open descriptors.</param>
/// <param name="Threads">Threads.</param>
/// <param name="ResidentKiB">Resident memory.</param>
/// <param name="PeakKiB">Its peak.</param>
internal readonly record struct ProcessFigures(int Contexts, int Descriptors, int Threads, long ResidentKiB, long PeakKiB)
{
    public static ProcessFigures Read()
    {
        var status = File.ReadLines("/proc/self/status").Select(line => line.Split(':', 2)).ToDictionary(p => p[0], p => p[1]);
        return new(
            File.ReadLines("/proc/self/maps").Count(line => line.Contains("[aio]", StringComparison.Ordinal)),
            Directory.EnumerateFiles("/proc/self/fd").Count(),
            (int)Number("Threads"), Number("VmRSS"), Number("VmHWM"));

        long Number(string key) => long.Parse(status[key].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
