using System.Diagnostics;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>A contender's process, from its start to its end.</summary>
internal static class ChildProcess
{
    /// <summary>Runs it and gives what it printed.</summary>
    /// <exception cref="ChildFailedException">It could not be started, or ended with another code than 0.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken stop)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ChildFailedException($"{program}: {e.Message}");
        }

        try
        {
            var stdout = process.StandardOutput.ReadToEndAsync(stop);
            var stderr = process.StandardError.ReadToEndAsync(stop);
            await process.WaitForExitAsync(stop);
            return process.ExitCode == 0
                ? await stdout
                : throw new ChildFailedException(
                    $"{Path.GetFileName(program)} ended with {process.ExitCode}: {LastLine(await stderr) ?? LastLine(await stdout)}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true); // fio's jobs are processes of their own
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    private static string? LastLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()?.Trim();
}

/// <summary>A contender that cannot run here, in one line.</summary>
internal sealed class ChildFailedException(string message) : Exception(message);
