using System.Diagnostics;

namespace AkkaAio.Demo.Tests;

/// <summary>The built demo as a process of its own: what a user runs.</summary>
internal sealed class DemoProcess : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _stdout = [];
    private readonly List<string> _stderr = [];
    private readonly TaskCompletionSource _stdoutEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stderrEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DemoProcess(IEnumerable<string> commandLine, string? folder)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(commandLine.First(), commandLine.Skip(1))
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = folder ?? AppContext.BaseDirectory,
            },
        };
        _process.OutputDataReceived += (_, line) => Take(line.Data, _stdout, _stdoutEnd);
        _process.ErrorDataReceived += (_, line) => Take(line.Data, _stderr, _stderrEnd);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>dotnet and the demo.</summary>
    public static string[] CommandLine(string folder) => [Host, Path.Join(folder, "AkkaAio.Demo.dll")];

    public int Id => _process.Id;

    /// <summary>What stdout or stderr says first.</summary>
    public Task FirstLine => _firstLine.Task.WaitAsync(Patience);

    private static string Host =>
        Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet";

    /// <summary>Starts the demo in <paramref name="folder"/>.</summary>
    public static DemoProcess Start(string? folder, params string[] arguments) =>
        new([.. CommandLine(AppContext.BaseDirectory), .. arguments], folder);

    /// <summary>Runs the demo to its end.</summary>
    public static Task<DemoResult> RunAsync(params string[] arguments) => RunInAsync(null, arguments);

    /// <summary>Runs the demo in <paramref name="folder"/> to its end.</summary>
    public static async Task<DemoResult> RunInAsync(string? folder, params string[] arguments)
    {
        using var demo = Start(folder, arguments);
        return await demo.EndAsync();
    }

    /// <summary>Runs any command to its end.</summary>
    public static async Task<DemoResult> RunCommandAsync(params string[] commandLine)
    {
        using var process = new DemoProcess(commandLine, null);
        return await process.EndAsync();
    }

    /// <summary>Waits for the end.</summary>
    public async Task<DemoResult> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        await Task.WhenAll(_stdoutEnd.Task, _stderrEnd.Task).WaitAsync(patience.Token);
        return new DemoResult(_process.ExitCode, [.. _stdout], [.. _stderr]);
    }

    /// <summary>Sends a signal: INT, TERM, KILL.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -{signal} {_process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Take(string? line, List<string> lines, TaskCompletionSource end)
    {
        if (line is null)
        {
            end.SetResult();
        }
        else
        {
            lines.Add(line);
            _firstLine.TrySetResult();
        }
    }
}
