using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>
/// A system that is ended while its file is stuck in the kernel: each command is answered, and the end comes in bounded time.
/// </summary>
internal static class Ending
{
    private const int Block = 4096;
    private const int Writes = 300;
    private const int Others = 16;
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(1);

    // The promise is drain-timeout + 2 s; the machine is shared, so three times that fails, and the figure is printed.
    private static readonly TimeSpan Limit = (DrainTimeout + TimeSpan.FromSeconds(2)) * 3;
    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(3);

    /// <param name="what">What gets stuck: `writes` (300, with a read), an `open`, a `close` or a `flush`.</param>
    /// <param name="path">The file: for `writes` and `flush` large enough.</param>
    /// <param name="stick">A shell command that makes the kernel stick.</param>
    /// <param name="free">One that ends it, run at the end in any case: until then the process cannot go.</param>
    /// <param name="others">A folder on another device: its files must not notice. Null: none are opened.</param>
    /// <param name="hocon">Further configuration.</param>
    public static async Task<int> RunAsync(string what, string path, string stick, string free, string? others, string hocon)
    {
        var system = ActorSystem.Create("ending", ConfigurationFactory.ParseString(hocon).WithFallback(ConfigurationFactory.ParseString(
            $"akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR\nakka.io.aio.drain-timeout = {DrainTimeout.TotalSeconds} s")));
        var aio = AioExt.Get(system);
        var file = what == "open" ? null : await aio.OpenAsync(path, new() { Access = FileAccess.ReadWrite });
        var healthy = await OpenOthersAsync(aio, others);
        var written = new byte[Block];
        if (what == "flush")
        {
            await file!.WriteAsync(written, 0);
        }

        Shell(stick);
        using var cancellation = new CancellationTokenSource();
        List<Task> commands = what switch
        {
            "open" => [aio.OpenAsync(path, new() { Access = FileAccess.ReadWrite })],
            "close" => [file!.DisposeAsync().AsTask()],
            "flush" => [file!.FlushAsync().AsTask()],
            _ => [
                .. Enumerable.Range(0, Writes).Select(i => file!.WriteAsync(written, (long)i * Block).AsTask()),
                file!.RentReadAsync(0, Block).AsTask(),
            ],
        };
        var cancelled = what == "writes" ? file!.RentReadAsync(0, Block, cancellation.Token).AsTask() : null;
        await StuckAsync();
        var watch = Stopwatch.StartNew();
        var cancel = TimeSpan.Zero;
        if (cancelled is not null)
        {
            await cancellation.CancelAsync();
            await Task.WhenAny(Answered(cancelled), Task.Delay(CancelLimit));
            cancel = watch.Elapsed;
            commands.Add(cancelled);
        }

        var reads = healthy.Select(other => other.RentReadAsync(0, Block).AsTask()).ToArray();
        await Task.WhenAny(Task.WhenAll(reads), Task.Delay(CancelLimit));
        var unharmed = reads.Count(read => read.IsCompletedSuccessfully);
        var waiting = commands.Count(command => !command.IsCompleted);
        watch.Restart();
        await Task.WhenAny(system.Terminate(), Task.Delay(Limit));
        var end = watch.Elapsed;
        var ended = system.WhenTerminated.IsCompleted;
        await Task.WhenAny(Task.WhenAll(commands.Select(Answered)), Task.Delay(TimeSpan.FromSeconds(1))); // continuations run on the pool
        var replies = commands.Count(command => command.IsCompleted);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{waiting} of {commands.Count} waited, {unharmed} of {healthy.Count} other files read, " +
            $"cancel {cancel.TotalMilliseconds:f0} ms, replies {replies}, {(ended ? "ended" : "NOT ended")} in {end.TotalSeconds:f2} s"));
        Shell(free);
        return waiting > 0 && replies == commands.Count && ended && cancel < CancelLimit && unharmed == healthy.Count ? 0 : 1;
    }

    private static async Task<List<AioFile>> OpenOthersAsync(AioExt aio, string? folder)
    {
        var files = new List<AioFile>();
        for (var i = 0; folder is not null && i < Others; i++)
        {
            var path = Path.Combine(folder, $"other-{i}");
            await File.WriteAllBytesAsync(path, new byte[Block]);
            files.Add(await aio.OpenAsync(path, new() { Direct = DirectIo.Required }));
        }

        return files;
    }

    // A thread in uninterruptible sleep is what these rows are about. Where the engine has none of ours in the kernel, a moment is enough.
    private static async Task StuckAsync()
    {
        for (var i = 0; i < 25 && !Directory.EnumerateDirectories("/proc/self/task").Any(IsStuck); i++)
        {
            await Task.Delay(20);
        }
    }

    private static bool IsStuck(string task)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[stat.LastIndexOf(')') + 2] == 'D';
        }
        catch (IOException)
        {
            return false; // the thread has ended
        }
    }

    private static async Task Answered(Task command)
    {
        try
        {
            await command;
        }
        catch (Exception e) when (e is AioException or OperationCanceledException)
        {
            // A reply all the same.
        }
    }

    private static void Shell(string command)
    {
        using var process = Process.Start("/bin/sh", ["-c", command]);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command}: exit {process.ExitCode}");
        }
    }
}
