using System.Runtime.CompilerServices;
using Spectre.Console;

namespace AkkaAio.Demo.Progress;

/// <summary>Shows a <see cref="Meter"/> on stderr while work is done, where stderr is a terminal: bytes, rate, time left.</summary>
internal static class ProgressBar
{
    // To the end of the screen: the bar is drawn anew below the lines.
    private const string Erase = "\e[J";

    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    /// <summary>Does the work. It writes to stderr through the lines that it is given.</summary>
    public static Task<T> ShowAsync<T>(string what, Meter meter, Func<StderrLines, Task<T>> work) =>
        Console.IsErrorRedirected ? work(new StderrLines(hasBar: false)) : ShowOnTerminalAsync(what, meter, work);

    // Apart from the method above, so that the library is loaded only where there is a bar.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<T> ShowOnTerminalAsync<T>(string what, Meter meter, Func<StderrLines, Task<T>> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (!console.Profile.Capabilities.Ansi)
        {
            return work(new StderrLines(hasBar: false)); // a terminal that cannot redraw
        }

        return console.Progress()
            .AutoClear(true)
            .ExcludeVerticalPadding()
            .Columns(
                new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(),
                new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var lines = new StderrLines(hasBar: true);
                var bar = context.AddTask(Markup.Escape(what), maxValue: 1);
                using var timer = new PeriodicTimer(Refresh);
                var working = work(lines);
                var tick = timer.WaitForNextTickAsync().AsTask();
                while (await Task.WhenAny(working, tick) == tick)
                {
                    bar.MaxValue = Math.Max(1, meter.Total);
                    bar.Value = meter.Done;
                    WriteLines(console, lines);
                    tick = timer.WaitForNextTickAsync().AsTask();
                }

                WriteLines(console, lines);
                return await working;
            });
    }

    private static void WriteLines(IAnsiConsole console, StderrLines lines)
    {
        if (lines.TakeAll() is { Length: > 0 } text)
        {
            console.Write(new ControlCode(Erase + text));
        }
    }
}
