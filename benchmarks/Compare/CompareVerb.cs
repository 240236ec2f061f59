using System.CommandLine;
using System.IO.Enumeration;
using AkkaAio.Demo.CommandLine;
using Spectre.Console;

namespace AkkaAio.Benchmarks.Compare;

/// <summary><c>compare</c>: everybody on the same file, in turn, with ratios.</summary>
internal static class CompareVerb
{
    private const string Name = "compare";

    public static Command Create(StopSignals stop)
    {
        var filename = new Option<string>("--filename")
        {
            Description = "The file to measure on; made, and removed in the end. Its disk is what is measured",
            HelpName = "F",
            DefaultValueFactory = _ => "akka-aio-compare.tmp",
        };
        var size = new SizeOption("--size", 64 << 20, 1L << 50, "Bytes of it [default: 1g]");
        var rounds = new NumberOption("--rounds", 1, 1000, "Rounds of each case [default: 5]");
        var runtime = new TimeOption(
            "--runtime", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), "Time of each measurement [default: 3]");
        var rampTime = new TimeOption(
            "--ramp_time", TimeSpan.Zero, TimeSpan.FromHours(1), "Time before each measurement, not counted [default: 3]");
        var quick = new Option<bool>("--quick") { Description = "A few cases, one round of 0.5 s: whether it runs, not how fast" };
        var cases = new Option<string[]>("--cases")
        {
            Description = $"Which ones, with * as wildcard: {string.Join(", ", Cases.All.Select(known => known.Name))}",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
        };
        var acceptance = new Option<bool>("--acceptance")
        {
            Description = $"The acceptance alone, of all its cases or of --cases: {Acceptance.Rounds} rounds and a verdict for each " +
                          "ratio; the exit code is 1 where one is missed",
        };
        var output = new Option<string>("--output")
        {
            Description = "The folder for compare.json, compare.md and compare.png",
            HelpName = "DIR",
            DefaultValueFactory = _ => "benchmark-results",
        };
        var allowOverwrite = new Option<bool>("--allow-overwrite") { Description = "The file may be there already, and be destroyed" };
        var command = new Command(
            Name,
            "Compares AkkaAio with fio (if installed), a plain C# loop, RandomAccess, Akka.Streams and bare Akka, on one file, round by " +
            "round. With root also on a RAM block device (zram). Takes about three hours; Ctrl-C ends it with what there is.")
        {
            filename, size, rounds, runtime, rampTime, quick, cases, acceptance, output, allowOverwrite,
        };
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(Name, stop, async token =>
        {
            var isQuick = result.GetValue(quick);
            var timing = new Timing(
                result.GetValue(runtime) ?? TimeSpan.FromSeconds(isQuick ? 0.5 : 3),
                result.GetValue(rampTime) ?? TimeSpan.FromSeconds(isQuick ? 0.3 : 3)); // less, and what is measured is the JIT
            var file = result.GetValue(filename)!;
            var accepts = result.GetValue(acceptance);
            var times = result.GetValue(rounds) ?? (isQuick ? 1 : accepts ? Acceptance.Rounds : 5);
            using var targets = new Targets(
                file, result.GetValue(size) ?? (isQuick ? 256L << 20 : 1L << 30), result.GetValue(allowOverwrite));
            var chosen = Select(accepts ? Acceptance.Needed : Cases.All, result.GetValue(cases) ?? [], isQuick);
            var results = await RunAsync(
                chosen,
                new Comparison(targets, times, timing, Console.Error.WriteLine),
                Machine.Of(file, times, timing), result.GetValue(output)!, token);
            return results.Count == 0 || (accepts && !Acceptance.Report(chosen, results, ConsoleOut())) ? ExitCode.Failure : ExitCode.Ok;
        }));
        return command;
    }

    private static async Task<List<CaseResult>> RunAsync(
        IReadOnlyList<Case> cases, Comparison comparison, Machine machine, string output, CancellationToken stop)
    {
        Console.Out.WriteLine(machine);
        var results = new List<CaseResult>();
        foreach (var @case in cases)
        {
            var result = await comparison.RunAsync(@case, stop);
            if (result.Names.Any())
            {
                results.Add(result);
                var console = ConsoleOut();
                console.Write(CaseTable.Figures(result).ForTerminal(result.Case.Name));
                console.Write(CaseTable.Ratios(result).ForTerminal($"{result.Case.Name}: ratios"));
                Reports.Write(output, machine, results); // after each: it takes long
            }
        }

        Console.Out.WriteLine($"{output}: compare.json, compare.md, compare.png");
        return results;
    }

    private static IAnsiConsole ConsoleOut()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings());
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = 400; // a file has room: no column is cut
        }

        return console;
    }

    private static List<Case> Select(IReadOnlyList<Case> all, string[] patterns, bool quick)
    {
        if (patterns.Length == 0)
        {
            return [.. all.Where(known => quick ? known.IsQuick : !known.IsOnDemand)];
        }

        var names = patterns.SelectMany(pattern => pattern.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var unknown = names.FirstOrDefault(name => !all.Any(known => Matches(known, name)));
        return unknown is null
            ? [.. all.Where(known => names.Any(name => Matches(known, name)))]
            : throw new DemoException($"there is no case {unknown}, only {string.Join(", ", all.Select(known => known.Name))}");
    }

    private static bool Matches(Case known, string pattern) =>
        FileSystemName.MatchesSimpleExpression(pattern, known.Name, ignoreCase: false);
}
