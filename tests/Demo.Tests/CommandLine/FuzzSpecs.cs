using AkkaAio.Demo.CommandLine;
using Xunit.Abstractions;

namespace AkkaAio.Demo.Tests.CommandLine;

/// <summary>
/// Random command lines of all verbs: none ends in an exception, each wrong one and no right one ends with 2, and what fails says so in
/// one line. In this process, so that thousands are tried; what is right fails in the end for its paths, which are not there.
/// </summary>
[Collection(nameof(AloneCollection))]
public sealed class FuzzSpecs(ITestOutputHelper output)
{
    private const string None = "/none/there";

    private static readonly string[] NoNumbers =
    [
        "", " ", "abc", "-1", "99999999999", "1.5", "0x10", "1e3", "٣", "+", "--", "-", "1 ", "\n", "☃", "\U0001F600", "{}", "${x}", "'",
        "1,000",
    ];

    private static readonly Verb[] Verbs =
    [
        new("sum", [],
        [
            new("--path", [None], ["", "."]) { Required = true, WrongAtRuntime = ["."] },
            Number("--file-size", 0, int.MaxValue), Number("--concurrent-requests", 1, 65536, "1", "7"),
            Number("--min-nr", 0, 65536, "0", "1"),
            Number("--max-nr", 1, 65536, "1", "2"), Number("--shards", 1, 1024, "1", "2"), Number("--linger", 0, 1_000_000),
            new("--ioengine", ["auto", "linux-aio", "thread-pool"], ["memory", "Linux-AIO", "", "null"]),
        ]),
        new("hash", [None], [new("--ioengine", ["auto", "thread-pool"], ["discard", "", "x"])]),
        new("copy", [None, "/none/either"], [new("--ioengine", ["auto", "posix-aio"], ["discard", "", "x"])]),
        new("bench", [],
        [
            new("--filename", [None], [""]) { Required = true },
            new(
                "--size",
                ["64k", "1m", "1.5m", "1tib", "1125899906842624"],
                ["0", "-1", "1e9", "9999999999999999999", "999999999999999t", "4x", "0.3"]),
            new("--rw", ["read", "randrw"], ["trim", "READ", ""]),
            new("--bs", ["4k", "512", "1"], ["0", "2g", "4kk", ".", "1k\n"]),
            Number("--direct", 0, 1), Number("--iodepth", 1, 1 << 20, "1", "64"), Number("--iodepth_batch_submit", 1, 1 << 20),
            Number("--numjobs", 1, 65536, "1", "3"), Number("--shards", 1, 1024, "1", "2"), Number("--fsync", 0, int.MaxValue),
            new("--ioengine", ["auto", "linux-aio", "thread-pool"], ["memory", "null", ""]),
            new("--reap_wait", ["getevents", "epoll"], ["x", ""]),
            new("--reap_poll", ["0", "1ms", "0.05"], ["1", "101ms", "-1", "x"]),
            new("--runtime", ["1ms", "24h", "5", "86400"], ["0", "25h", "999999999h", "999999999m", "1d", "5\n", "٣"]),
            new("--ramp_time", ["0", "1ms", "1440m"], ["1441m", "999999999h", "ms", "-1"]),
            new("--api", ["messages", "tasks"], ["x"]), new("--dispatcher", ["pool", "default"], ["nobody", ""]) { Skip = true },
            new("--json", ["-"], [""]), new("--metrics", [], []), new("--allow-overwrite", [], []),
        ]),
    ];

    [Theory]
    [InlineData(1, 150)]
    [InlineData(2, 150)]
    public async Task Every_command_line_ends_well(int seed, int rounds)
    {
        var random = new Random(seed);
        for (var round = 0; round < rounds; round++)
        {
            var (arguments, isWrong) = Make(random);
            var (exitCode, said) = await RunAsync(arguments);
            var line = $"seed {seed}, round {round}: [{string.Join("] [", arguments)}] -> {exitCode}: {said}";
            Assert.True(isWrong == (exitCode == ExitCode.Usage), line);
            Assert.True(exitCode is ExitCode.Usage or ExitCode.Failure, line);
            Assert.True(said.TrimEnd('\n').Split('\n').Length == 1 && said.Length > 1, line);
            Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
            Assert.DoesNotContain("Exception", said, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--iodepth", "1048576", "--numjobs", "2")]
    [InlineData("--iodepth", "65536", "--numjobs", "65536")]
    public async Task What_does_not_go_together_is_wrong(params string[] options)
    {
        var (exitCode, said) = await RunAsync(["bench", "--filename", None, .. options]);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains("--iodepth", said, StringComparison.Ordinal);
    }

    // Tokens of every kind in any order: what comes out may be right or wrong, but is no exception.
    [Fact]
    public async Task Any_words_in_any_order_end_without_an_exception()
    {
        var random = new Random(3);
        string[] words =
        [
            .. NoNumbers, .. Verbs.SelectMany(verb => verb.Options.Select(option => option.Name)), .. Verbs.Select(verb => verb.Name),
            "--config", None, "--iodepth=0", "--iodepth:0", "--iodepth=", "@x", "[diagram]", "-?", "--version", "-h", "-xyz", "/?",
            new string('9', 5000), "\uFFFD",
        ];
        for (var round = 0; round < 800; round++)
        {
            string[] arguments = [.. Enumerable.Range(0, random.Next(6)).Select(_ => words[random.Next(words.Length)])];
            if (arguments.Contains("sum") || arguments.Contains("bench"))
            {
                arguments = [.. arguments, "--bogus"]; // so that nothing runs
            }

            var (exitCode, said) = await RunAsync(arguments);
            var line = $"round {round}: [{string.Join("] [", arguments)}] -> {exitCode}: {said}";
            Assert.True(exitCode is ExitCode.Ok or ExitCode.Failure or ExitCode.Usage, line);
            Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
            Assert.DoesNotContain("Exception", said, StringComparison.Ordinal);
        }
    }

    private static (string[] Arguments, bool IsWrong) Make(Random random)
    {
        var verb = Verbs[random.Next(Verbs.Length)];
        List<string[]> groups = [];
        var isWrong = false;
        (int Min, int Max) nr = (1, 1);
        foreach (var option in verb.Options.Where(option => !option.Skip))
        {
            if (!option.Required && random.Next(4) != 0)
            {
                continue;
            }

            if (option.Right.Length == 0)
            {
                groups.Add([option.Name]);
                continue;
            }

            var wrong = random.Next(8) == 0;
            var values = wrong ? option.Wrong : option.Right;
            var value = values[random.Next(values.Length)];
            isWrong |= wrong && !option.WrongAtRuntime.Contains(value);
            groups.Add([option.Name, value]);
            nr = option.Name switch
            {
                "--min-nr" when !wrong => (int.Parse(value), nr.Max),
                "--max-nr" when !wrong => (nr.Min, int.Parse(value)),
                _ => nr,
            };
            if (random.Next(25) == 0)
            {
                groups.Add([option.Name, option.Right[0]]); // twice
                isWrong = true;
            }
            else if (random.Next(25) == 0)
            {
                groups.Add([option.Name]); // without a value
                isWrong = true;
            }
        }

        isWrong |= nr.Min > nr.Max;
        var operands = verb.Operands.ToList();
        if (operands.Count > 0 && random.Next(10) == 0)
        {
            operands.RemoveAt(0);
            isWrong = true;
        }

        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(groups));

        // An option without its value, last: before another one it would be an error as well, before an operand it would take that.
        var bare = groups.Where(group => group.Length == 1 && group[0] is not ("--metrics" or "--allow-overwrite")).ToList();
        return ([verb.Name, .. operands, .. groups.Except(bare).SelectMany(group => group), .. bare.SelectMany(group => group)], isWrong);
    }

    private async Task<(int ExitCode, string Said)> RunAsync(string[] arguments)
    {
        using var stop = new StopSignals();
        var (stdout, stderr) = (Console.Out, Console.Error);
        using var said = new StringWriter();
        Console.SetOut(TextWriter.Null);
        Console.SetError(said);
        try
        {
            return (await DemoCommand.RunAsync(arguments, stop).WaitAsync(DemoProcess.Patience), said.ToString());
        }
        catch (Exception)
        {
            output.WriteLine($"[{string.Join("] [", arguments)}]");
            throw;
        }
        finally
        {
            Console.SetOut(stdout);
            Console.SetError(stderr);
        }
    }

    private static FuzzedOption Number(string name, int min, int max, params string[] right) => new(
        name, right.Length > 0 ? right : [$"{min}", $"{max}", $"+{max}"], [$"{min - 1L}", $"{max + 1L}", .. NoNumbers]);

    private sealed record Verb(string Name, string[] Operands, FuzzedOption[] Options);

    /// <param name="Name">With its dashes.</param>
    /// <param name="Right">Values that it takes; none: it takes no value.</param>
    /// <param name="Wrong">Values that it does not take.</param>
    private sealed record FuzzedOption(string Name, string[] Right, string[] Wrong)
    {
        public bool Required { get; init; }

        public bool Skip { get; init; }

        /// <summary>Of the wrong values those that only opening the file shows.</summary>
        public string[] WrongAtRuntime { get; init; } = [];
    }
}
