using System.CommandLine;
using System.Diagnostics;

namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>
/// Whole lifetimes of actor systems, several at once on the same files, ended while all of it is under way: every command has exactly
/// one reply, nobody's memory holds foreign bytes, every end comes, and nothing is left behind.
/// </summary>
internal static class LifetimesVerb
{

    // Threads of .NET's own pool come and go.
    private const int SomeThreads = 4;

    public static Command Command()
    {
        var folder = new Argument<string>("folder") { Description = "for the files" };
        var minutes = new Option<double>("--minutes") { DefaultValueFactory = _ => 1 };
        var rounds = new Option<int?>("--rounds") { Description = "this many, whatever time it takes" };
        var seed = new Option<int>("--seed")
        {
            Description = "of the first round; each next round has the next",
            DefaultValueFactory = _ => Random.Shared.Next(1_000_000_000),
        };
        var without = new Option<Ingredients>("--without") { Description = "names of ingredients to leave out, with commas" };
        var command = new Command("lifetimes", "systems that start and end on every engine, with all kinds of trouble under way")
        {
            folder, minutes, rounds, seed, without,
        };
        command.SetAction((parsed, _) => RunAsync(
            parsed.GetValue(folder)!, TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(seed), parsed.GetValue(rounds),
            Ingredients.All & ~parsed.GetValue(without)));
        return command;
    }

    private static async Task<int> RunAsync(string folder, TimeSpan time, int seed, int? rounds, Ingredients ingredients)
    {
        folder = Directory.CreateDirectory(Path.Combine(folder, PatternFile.Folder)).FullName;
        var findings = new Findings();
        var (steps, systems) = (0L, 0);
        var before = Left.Read();
        Left? first = null;
        var watch = Stopwatch.StartNew();
        var round = 0;
        string Again() => $"lifetimes FOLDER --seed {seed + round} --rounds 1";
        AppDomain.CurrentDomain.UnhandledException += (_, e) => Console.WriteLine($"FAILED: unhandled {e.ExceptionObject}; {Again()}");
        TaskScheduler.UnobservedTaskException += (_, e) => findings.Add($"an exception that nobody observes: {e.Exception}");
        for (; findings.Count == 0 && (rounds is { } most ? round < most : watch.Elapsed < time); round++)
        {
            var lives = await RoundAsync(folder, seed + round, ingredients, findings);
            (steps, systems) = (steps + lives.Sum(life => life.Steps), systems + lives.Length);
            var left = await SettledAsync(left => left.Rings == 0 && left.Descriptors <= before.Descriptors, 100);
            first ??= left;
            if (left.Rings > 0 || left.Descriptors > before.Descriptors)
            {
                findings.Add($"left behind: {left}, before all: {before}");
                Left.PrintDescriptors();
            }

            if (findings.Count > 0)
            {
                Console.WriteLine($"{watch.Elapsed:mm\\:ss} round {round} FAILED: {Again()}");
                foreach (var life in lives)
                {
                    Console.WriteLine($"  {life}");
                }

                break;
            }

            if (round % 50 == 49)
            {
                Console.WriteLine($"{watch.Elapsed:mm\\:ss} rounds {round + 1} systems {systems} steps {steps} {left}");
            }
        }

        var last = await SettledAsync(left => left.Threads <= (first ?? left).Threads + SomeThreads, 400);
        if (first is { } early && last.Threads > early.Threads + SomeThreads)
        {
            findings.Add("the threads are not flat");
        }

        Console.WriteLine($"after the first: {first}");
        Console.WriteLine($"after the last:  {last}");
        Console.WriteLine(
            $"lifetimes {(findings.Count == 0 ? "ok" : "FAILED")}: seed {seed}, {round} rounds, {systems} systems, {steps} steps, " +
            $"{findings.Count} findings");
        return findings.Count == 0 ? 0 : 1;
    }

    private static async Task<Lifetime[]> RoundAsync(string folder, int seed, Ingredients ingredients, Findings findings)
    {
        var random = new Random(seed);
        var keeping = ingredients.HasFlag(Ingredients.Keeping);
        PatternFile[] patterns =
        [
            new(Path.Combine(folder, $"{seed}-direct"), random.Next(), DirectIo.Auto, keeps: false),
            new(Path.Combine(folder, $"{seed}-direct-kept"), random.Next(), DirectIo.Auto, keeping),
            new(Path.Combine(folder, $"{seed}-buffered"), random.Next(), DirectIo.Off, keeps: false),
            new(Path.Combine(folder, $"{seed}-buffered-kept"), random.Next(), DirectIo.Off, keeping),
            new(Path.Combine(folder, $"{seed}{PatternFile.Mixed}"), random.Next(), null, keeps: false),
        ];
        var lives = Enumerable.Range(0, random.Next(1, 4))
            .Select(_ => new Lifetime(random.Next(), patterns, ingredients, findings)).ToArray();
        await Task.WhenAll(lives.Select(life => life.RunAsync()));
        foreach (var pattern in patterns)
        {
            if (pattern.WrongOnDisk() is { } wrong)
            {
                findings.Add(wrong);
            }

            File.Delete(pattern.Path);
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        return lives;
    }

    // The dispatchers' threads end a moment after their system, and those of .NET's pool after 20 s without work.
    private static async Task<Left> SettledAsync(Func<Left, bool> isFlat, int tries)
    {
        var left = Left.Read();
        for (var i = 0; i < tries && !isFlat(left); i++)
        {
            await Task.Delay(100);
            left = Left.Read();
        }

        return left;
    }
}
