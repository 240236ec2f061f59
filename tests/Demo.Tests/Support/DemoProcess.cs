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

    private readonly List<(string Part, int Nth, TaskCompletionSource<string> Found)> _awaited = [];

    private DemoProcess(IEnumerable<string> commandLine, string? folder, params (string Name, string Value)[] environment)
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
        foreach (var (name, value) in environment)
        {
            _process.StartInfo.Environment[name] = value;
        }

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

    /// <summary>Starts the demo with these environment variables.</summary>
    public static DemoProcess StartWith((string Name, string Value)[] environment, params string[] arguments) =>
        new([.. CommandLine(AppContext.BaseDirectory), .. arguments], null, environment);

    /// <summary>Runs the demo to its end.</summary>
    public static Task<DemoResult> RunAsync(params string[] arguments) => RunInAsync(null, arguments);

    /// <summary>Runs the demo in <paramref name="folder"/> to its end.</summary>
    public static async Task<DemoResult> RunInAsync(string? folder, params string[] arguments)
    {
        using var demo = Start(folder, arguments);
        return await demo.EndAsync();
    }

    /// <summary>Starts any command.</summary>
    public static DemoProcess StartCommand(params string[] commandLine) => new(commandLine, null);

    /// <summary>Runs any command to its end.</summary>
    public static async Task<DemoResult> RunCommandAsync(params string[] commandLine)
    {
        using var process = new DemoProcess(commandLine, null);
        return await process.EndAsync();
    }

    /// <summary>Waits for the first, or the nth, line of stdout with a text in it; fails if the process ends without.</summary>
    public Task<string> LineWith(string part, int nth = 1)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_awaited)
        {
            _awaited.Add((part, nth, found));
            Look();
        }

        _ = _stdoutEnd.Task.ContinueWith(
            _ => found.TrySetException(
                new IOException($"the demo ended without a line \"{part}\": {string.Join('\n', [.. _stdout, .. _stderr])}")),
            TaskScheduler.Default);
        return found.Task.WaitAsync(Patience);
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
            _process.Kill(entireProcessTree: true);
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
            lock (_awaited)
            {
                lines.Add(line);
                Look();
            }

            _firstLine.TrySetResult();
        }
    }

    private void Look()
    {
        foreach (var (part, nth, found) in _awaited)
        {
            if (_stdout.Where(line => line.Contains(part, StringComparison.Ordinal)).Skip(nth - 1).FirstOrDefault() is { } line)
            {
                found.TrySetResult(line);
            }
        }

        _awaited.RemoveAll(awaited => awaited.Found.Task.IsCompleted);
    }
}
