using System.Globalization;

namespace AkkaAio.Demo.Tests;

/// <summary>Skips a test, with the reason, where the machine lacks something.</summary>
internal static class Needs
{
    public static void Root() => Skip.IfNot(Environment.IsPrivilegedProcess, "needs root");

    public static void Tool(string name) => Skip.IfNot(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Join(folder, name))),
        $"needs the program {name}");

    /// <summary>A background job of a shell without job control ignores SIGINT, and so do its children.</summary>
    public static void Interrupts()
    {
        const int SigIntBit = 1 << (2 - 1);
        var ignored = File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        var mask = ulong.Parse(ignored.AsSpan("SigIgn:".Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Skip.If((mask & SigIntBit) != 0, "SIGINT is ignored here: the tests run as a background job");
    }
}
