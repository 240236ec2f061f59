using System.CommandLine;
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
        var folder = new Option<string[]>("--folder")
        {
            Description = "Where the stores are made and removed, on the disk that counts; several: all of it on each",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var rounds = new Option<int>("--rounds") { Description = "Rounds, of all journals in turn", DefaultValueFactory = _ => 5 };
        var seconds = new Option<double>("--runtime") { Description = "Seconds of a measurement", DefaultValueFactory = _ => 2 };
        var only = new Option<string[]>("--only")
        {
            Description = "Loads by their number of actors, or recovery, commits, beside-replay",
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command(
            Name,
            "Events a second, CPU and allocations of persistent actors on each journal, in turn, and the ratios to " +
            "Akka.Persistence.Sql's best and to the in-memory journal: medians with the least and the most. Recovery: 1 x 100,000 and " +
            "1000 x 100 events. Commits: one at a time, shuffled with a raw O_DSYNC loop, and beside a replay of everything.")
        {
            folder, rounds, seconds, only,
        };
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(Name, stop, async token =>
        {
            foreach (var below in result.GetValue(folder)!)
            {
                Console.WriteLine($"== {below}");
                await RunAsync(
                    new JournalRun(below, result.GetValue(rounds), TimeSpan.FromSeconds(result.GetValue(seconds))),
                    result.GetValue(only) ?? [], token);
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    private static async Task RunAsync(JournalRun run, string[] only, CancellationToken stop)
    {
        foreach (var (load, actors, atOnce) in Loads.Where(load => Wants(load.Name)))
        {
            await run.MeasureAsync(load, actors, atOnce, stop);
        }

        if (Wants("recovery"))
        {
            await run.RecoverAsync(1, 100_000, stop);
            await run.RecoverAsync(1000, 100, stop);
        }

        if (Wants("commits"))
        {
            await run.CommitAsync(2000);
        }

        if (Wants("beside-replay"))
        {
            await run.CommitBesideReplayAsync(100, 10_000, stop);
        }

        bool Wants(string part) => only.Length == 0 || only.Contains(part);
    }
}
