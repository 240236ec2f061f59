using System.Diagnostics;

namespace AkkaAio.Interop.Tests;

/// <summary>Runs tools of the operating system that a test needs.</summary>
internal static class Shell
{
    public static string Run(string tool, params string[] arguments)
    {
        var (exitCode, output) = Try(tool, arguments);
        return exitCode == 0
            ? output.Trim()
            : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)} ended with {exitCode}: {output}");
    }

    /// <summary>Why the tool fails with these arguments; null when it works.</summary>
    public static string? WhyNot(string tool, params string[] arguments)
    {
        try
        {
            var (exitCode, output) = Try(tool, arguments);
            return exitCode == 0 ? null : $"{tool} {string.Join(' ', arguments)}: {output.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"{tool}: {e.Message}";
        }
    }

    private static (int ExitCode, string Output) Try(string tool, string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }
}
