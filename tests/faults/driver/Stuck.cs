using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>
/// A device that is slow, or stuck: its own file waits; a file on another shard and the default dispatcher do not notice; and in the end
/// every command has its one reply.
/// </summary>
internal static class Stuck
{
    private const int Block = 4096;
    private const int Commands = 200;
    private const int Samples = 200;

    // The machine is shared: what is looked for is a wait for the stuck device, which is seconds.
    private const double Tolerance = 10;
    private static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(20);

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }

    /// <param name="path">The file or device that gets stuck; large enough for the commands.</param>
    /// <param name="others">A folder elsewhere.</param>
    /// <param name="stick">A shell command that slows the device down.</param>
    /// <param name="free">One that ends it; null: the system is terminated meanwhile.</param>
    /// <param name="write">Write to the file, else read.</param>
    public static async Task<int> RunAsync(string path, string others, string stick, string? free, bool write)
    {
        var system = ActorSystem.Create("stuck", ConfigurationFactory.ParseString(
            "akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR\nakka.io.aio { shards = 2, depth = 64, drain-timeout = 3 s }"));
        var aio = AioExt.Get(system);
        var echo = system.ActorOf<Echo>();
        var slow = await aio.OpenAsync(path, new() { Access = write ? FileAccess.ReadWrite : FileAccess.Read, Direct = DirectIo.Required });
        var other = await OtherShardAsync(aio, slow, others);
        var before = (await MedianAsync(() => ReadAsync(other)), await MedianAsync(() => echo.Ask<int>(1)));

        Shell(stick);
        using var cancellation = new CancellationTokenSource();
        var commands = Enumerable.Range(0, Commands)
            .Select(i => Answered(OperateAsync(slow, i, write, i == Commands - 1 ? cancellation.Token : default))).ToArray();
        var during = (await MedianAsync(() => ReadAsync(other)), await MedianAsync(() => echo.Ask<int>(1)));
        var waiting = commands.Count(command => !command.IsCompleted);
        // Of a frozen file's commands the shard, stuck in io_submit with the first of them, has seen no more.
        var least = write ? 1 : waiting / 4;
        var held = aio.Pool.RentedBuffers;
        for (var i = 0; i < 250 && held < least; i++)
        {
            await Task.Delay(20); // the shard's thread may not have run yet on a busy machine
            held = aio.Pool.RentedBuffers;
        }

        var watch = Stopwatch.StartNew();
        if (free is not null)
        {
            await cancellation.CancelAsync();
            await commands[^1];
        }

        var cancel = watch.Elapsed;
        watch.Restart();
        if (free is not null)
        {
            Shell(free);
            await Task.WhenAll(commands);
            await slow.DisposeAsync();
            await other.DisposeAsync();
        }

        await system.Terminate();
        var end = watch.Elapsed;
        var replies = commands.Count(command => command.IsCompleted);
        var left = aio.Pool.RentedBuffers;
        Console.WriteLine(
            $"{waiting} of {Commands} waited; a read of another file {before.Item1.TotalMilliseconds:f2} -> " +
            $"{during.Item1.TotalMilliseconds:f2} ms, default dispatcher {before.Item2.TotalMilliseconds:f2} -> " +
            $"{during.Item2.TotalMilliseconds:f2} ms; {held} buffers held, {left} left; cancel {cancel.TotalMilliseconds:f0} ms; " +
            $"end {end.TotalSeconds:f1} s; replies {replies}");
        var contexts = ProcessFigures.Read().Contexts;
        var isClean = free is null || (left == 0 && contexts == 0);
        return waiting > Commands / 2 && replies == Commands && isClean && held >= least && cancel < TimeSpan.FromSeconds(1) &&
               Unharmed(before.Item1, during.Item1) && Unharmed(before.Item2, during.Item2) &&
               (free is not null || end < TimeSpan.FromSeconds(5)) ? 0 : 1;
    }

    private static bool Unharmed(TimeSpan before, TimeSpan during) => during < (before * Tolerance) + Noise;

    private static async Task<AioFile> OtherShardAsync(AioExt aio, AioFile slow, string folder)
    {
        for (var i = 0; ; i++)
        {
            var path = Path.Combine(folder, $"other-{i}");
            await File.WriteAllBytesAsync(path, new byte[Block]);
            var file = await aio.OpenAsync(path, new() { Direct = DirectIo.Required });
            if (file.ShardDispatcher != slow.ShardDispatcher)
            {
                return file;
            }

            await file.DisposeAsync();
        }
    }

    private static async Task OperateAsync(AioFile file, int i, bool write, CancellationToken token)
    {
        if (write)
        {
            await file.WriteAsync(new byte[Block], (long)i * Block, token);
        }
        else
        {
            using var buffer = await file.RentReadAsync((long)i * Block, Block, token);
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

    private static async Task ReadAsync(AioFile file)
    {
        using var buffer = await file.RentReadAsync(0, Block);
    }

    private static async Task<TimeSpan> MedianAsync(Func<Task> action)
    {
        var times = new List<TimeSpan>();
        for (var i = 0; i < Samples; i++)
        {
            var watch = Stopwatch.StartNew();
            await action();
            times.Add(watch.Elapsed);
        }

        return times.Order().ElementAt(Samples / 2);
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
