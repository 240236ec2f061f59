using System.Diagnostics;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>A contender's process, from its start to its end.</summary>
internal static class ChildProcess
{
    /// <summary>Runs it and gives what it printed.</summary>
    /// <exception cref="ChildFailedException">It could not be started, did not end in time, or ended with another code than 0.</exception>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan limit,
        CancellationToken stop)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timer.CancelAfter(limit);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        foreach (var (name, value) in environment)
        {
            process.StartInfo.Environment[name] = value;
        }

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
            var stdout = process.StandardOutput.ReadToEndAsync(timer.Token);
            var stderr = process.StandardError.ReadToEndAsync(timer.Token);
            await process.WaitForExitAsync(timer.Token);
            return process.ExitCode == 0
                ? await stdout
                : throw new ChildFailedException(
                    $"{Path.GetFileName(program)} ended with {process.ExitCode}: {LastLine(await stderr) ?? LastLine(await stdout)}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new ChildFailedException($"{Path.GetFileName(program)} did not end within {limit}");
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
