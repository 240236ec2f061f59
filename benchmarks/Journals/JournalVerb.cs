using System.CommandLine;
using System.Globalization;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Benchmarks.Journals;

/// <summary><c>journal</c>: persistent actors on AkkaAio's journal, and on others, in turn.</summary>
internal static class JournalVerb
{
    private const string Name = "journal";

    private static readonly (string Name, int Actors, int AtOnce)[] Loads =
    [
        ("1", 1, 1), ("16", 16, 1), ("256", 256, 1), ("1000", 1000, 1), ("1 x PersistAll(10)", 1, 10), ("1 x PersistAll(100)", 1, 100),
    ];

    public static Command Create(StopSignals stop)
    {
        var folder = new Option<string>("--folder")
        {
            Description = "Where the stores are made and removed, on the disk that counts",
            Required = true,
        };
        var rounds = new Option<int>("--rounds") { Description = "Rounds, of all journals in turn", DefaultValueFactory = _ => 5 };
        var seconds = new Option<double>("--runtime") { Description = "Seconds of a measurement", DefaultValueFactory = _ => 2 };
        var only = new Option<string[]>("--only")
        {
            Description = "Loads by their number of actors, or recovery, or commits",
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command(
            Name,
            "Events a second, CPU and allocations of persistent actors on each journal, in turn, and the ratio to Akka.Persistence.Sql's " +
            "best: medians with the least and the most. Recovery: 1 x 100,000 and 1000 x 100 events. Commits: one at a time, shuffled " +
            "with a raw O_DSYNC loop.")
        {
            folder, rounds, seconds, only,
        };
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(Name, stop, async token =>
        {
            var run = new JournalRun(
                result.GetValue(folder)!, result.GetValue(rounds), TimeSpan.FromSeconds(result.GetValue(seconds)),
                result.GetValue(only) ?? []);
            foreach (var (load, actors, atOnce) in Loads.Where(load => run.Wants(load.Name)))
            {
                await run.MeasureAsync(load, actors, atOnce, token);
            }

            if (run.Wants("recovery"))
            {
                await run.RecoverAsync(1, 100_000, token);
                await run.RecoverAsync(1000, 100, token);
            }

            if (run.Wants("commits"))
            {
                await run.CommitAsync(2000);
            }

            return ExitCode.Ok;
        }));
        return command;
    }
}

/// <summary>Measures, and prints a table for each load.</summary>
internal sealed class JournalRun(string folder, int rounds, TimeSpan time, string[] only)
{
    public bool Wants(string load) => only.Length == 0 || only.Any(wanted => load == wanted);

    public async Task MeasureAsync(string load, int actors, int atOnce, CancellationToken stop)
    {
        var figures = JournalContender.All.ToDictionary(contender => contender, _ => new List<JournalFigures>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var contender in JournalContender.All)
            {
                stop.ThrowIfCancellationRequested();
                using var store = new StoreFolder(folder);
                var system = contender.Start(store.Path);
                figures[contender].Add(await PersistentLoad.RunAsync(system, actors, atOnce, time / 2, time));
                await system.Terminate();
            }
        }

        Console.WriteLine($"{load} actors                         events/s (least..most)           us CPU  B an event");
        foreach (var (contender, measured) in figures)
        {
            Print(contender.Name, [.. measured.Select(figure => figure.EventsASecond)], string.Create(
                CultureInfo.InvariantCulture,
                $"{Median(measured.Select(figure => figure.CpuOfAnEvent.TotalMicroseconds)),8:0.0} " +
                $"{Median(measured.Select(figure => figure.BytesOfAnEvent)),8:0}"));
        }
    }

    public async Task RecoverAsync(int actors, int events, CancellationToken stop)
    {
        Console.WriteLine($"recovery of {actors} x {events}              events/s (least..most)");
        foreach (var contender in JournalContender.All.Where(contender => contender.Stores))
        {
            using var store = new StoreFolder(folder);
            var writer = contender.Start(store.Path);
            await PersistentLoad.StoreAsync(writer, actors, events);
            await writer.Terminate();
            var measured = new List<double>();
            for (var round = 0; round < rounds; round++)
            {
                stop.ThrowIfCancellationRequested();
                var system = contender.Start(store.Path);
                measured.Add(await PersistentLoad.RecoverAsync(system, actors, events));
                await system.Terminate();
            }

            Print(contender.Name, measured, "");
        }
    }

    public async Task CommitAsync(int commits)
    {
        using var store = new StoreFolder(folder);
        var system = JournalContender.All[0].Start(store.Path);
        var (raw, log) = await RawCommits.RunAsync(system, store.Path, commits);
        await system.Terminate();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"commits, shuffled: raw O_DSYNC p50 {raw[raw.Length / 2]:0} us, AioLog p50 {log[log.Length / 2]:0} us, ratio " +
            $"{log[log.Length / 2] / raw[raw.Length / 2]:0.00}; " +
            $"p99 {raw[raw.Length * 99 / 100]:0} and {log[log.Length * 99 / 100]:0} us"));
    }

    private static void Print(string name, List<double> measured, string more) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"  {name,-34} {Median(measured),10:0} ({measured.Min():0}..{measured.Max():0})  {more}"));

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>A folder of its own for each store.</summary>
    private sealed class StoreFolder : IDisposable
    {
        public StoreFolder(string below) =>
            Path = Directory.CreateDirectory(System.IO.Path.Combine(below, $"journal-{Guid.NewGuid():N}")).FullName;

        public string Path { get; }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
