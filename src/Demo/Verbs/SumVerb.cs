using System.CommandLine;
using System.Globalization;
using Akka.Configuration;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Configuration;
using AkkaAio.Demo.Progress;
using AkkaAio.Demo.Session;
using AkkaAio.Demo.Sum;

namespace AkkaAio.Demo.Verbs;

/// <summary><c>sum</c>: the classic sample program of Linux AIO, on actors.</summary>
internal static class SumVerb
{
    private const string Name = "sum";

    // The sample's own defaults. Small stripes, so that even a small file is served by all shards.
    private static readonly Config Defaults = ConfigurationFactory.ParseString(
        """
        akka.io.aio {
          shard-by = stripe
          stripe-size = 64 KiB
          depth = 100
          reap { min-nr = 1, nr = 1 }
        }
        """);

    public static Command Create(Option<string?> config, StopSignals stop)
    {
        var path = new Option<string?>("--path")
        {
            Description = "A file that is not there or is empty, and is kept. Without: a temporary one in the current folder",
            HelpName = "F",
        };
        var fileSize = new NumberOption("--file-size", 0, int.MaxValue, "Blocks of 4 KiB to write and read [default: 1000]");
        var requests = new NumberOption(
            "--concurrent-requests", 1, 65536,
            "Operations to keep in flight, and the depth of each shard: akka.io.aio.depth [default: 100]");
        var minNr = new NumberOption(
            "--min-nr", 0, 65536, "Completions that io_getevents waits for; 0 polls: akka.io.aio.reap.min-nr [default: 1]");
        var maxNr = new NumberOption(
            "--max-nr", 1, 65536, "The most completions of one io_getevents: akka.io.aio.reap.nr [default: 1]");
        var shards = new NumberOption(
            "--shards", 1, 1024, "Shards to stripe the file over: akka.io.aio.shards [default: half of the cores]");
        var engine = EngineOption.OfFiles();
        var linger = new NumberOption("--linger", 0, 1_000_000, "Seconds to stay idle before the end, for a look at the process")
        {
            HelpName = "SECONDS",
        };

        var command = new Command(
            Name,
            "Writes a file in which block i holds the integer i, reads it back and sums: a write, a flush and a read of every block " +
            "as messages. Requires direct I/O, where the platform has it.")
        {
            path, fileSize, requests, minNr, maxNr, shards, engine, linger,
        };
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(Name, stop, token => RunAsync(
            new SumOptions(
                result.GetValue(config), result.GetValue(path), result.GetValue(fileSize) ?? 1000, result.GetValue(requests),
                result.GetValue(minNr), result.GetValue(maxNr), result.GetValue(shards), result.GetValue(engine),
                TimeSpan.FromSeconds(result.GetValue(linger) ?? 0)),
            token)));
        return command;
    }

    private static async Task<int> RunAsync(SumOptions options, CancellationToken stop)
    {
        LostNames.Refuse(options.Path);
        if (options.Path is { Length: 0 })
        {
            throw new UsageException("--path needs the name of a file");
        }

        var config = DemoConfig.Layer(Overrides(options), DemoConfig.ReadFile(options.ConfigFile), Defaults);
        CheckReap(options, config);

        // In this order: the system is down and the file closed before the file goes.
        using var target = new SumTarget(options.Path);
        target.Check();
        await using var session = await AioSession.StartAsync(config, options.ConfigFile);
        var meter = new Meter();
        var result = await ProgressBar.ShowAsync(Name, meter, _ =>
            new SumJob(target, options.Blocks, session.Aio.Settings.Depth, session.Aio.Pool, meter).RunAsync(session.System, stop));

        target.Keep();
        foreach (var shard in result.Shards)
        {
            Console.Error.WriteLine(
                $"shard {shard.Shard}: reads {shard.Reads}, writes {shard.Writes}, submits {shard.Submits}, reaps {shard.Reaps}");
        }

        Console.Out.WriteLine(result.ToString());
        if (options.Linger > TimeSpan.Zero)
        {
            await Task.Delay(options.Linger, stop);
        }

        return result.IsRight ? ExitCode.Ok : ExitCode.Failure;
    }

    // Only what was given: the rest is the file's to say, or the defaults'.
    private static Config Overrides(SumOptions options)
    {
        (string Key, object? Value)[] overrides =
        [
            ("depth", options.ConcurrentRequests), ("reap.min-nr", options.MinNr), ("reap.nr", options.MaxNr),
            ("shards", options.Shards), ("engine", options.Engine),
        ];
        return ConfigurationFactory.ParseString(string.Join('\n', overrides
            .Where(entry => entry.Value is not null)
            .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{AioSettings.Path}.{entry.Key} = {entry.Value}"))));
    }

    // The library refuses it too, in the words of its keys; whoever gave an option wants to read of the option.
    private static void CheckReap(SumOptions options, Config config)
    {
        if ((options.MinNr ?? options.MaxNr) is null)
        {
            return;
        }

        if (int.TryParse(config.GetString($"{AioSettings.Path}.reap.min-nr"), CultureInfo.InvariantCulture, out var minNr) &&
            int.TryParse(config.GetString($"{AioSettings.Path}.reap.nr"), CultureInfo.InvariantCulture, out var maxNr) &&
            minNr > maxNr)
        {
            throw new UsageException(
                $"--min-nr {minNr} is above --max-nr {maxNr}: io_getevents cannot wait for more completions than it may take out");
        }
    }

    private sealed record SumOptions(
        string? ConfigFile, string? Path, int Blocks, int? ConcurrentRequests, int? MinNr, int? MaxNr, int? Shards,
        string? Engine, TimeSpan Linger);
}
