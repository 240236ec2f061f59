using System.CommandLine;
using System.CommandLine.Parsing;
using AkkaAio.Demo.Verbs;

namespace AkkaAio.Demo.CommandLine;

/// <summary>The command line as a whole. Verbs are listed here; each has a file of its own in <c>Verbs</c>.</summary>
internal static class DemoCommand
{
    public static async Task<int> RunAsync(string[] args, StopSignals stop)
    {
        var config = new Option<string?>("--config")
        {
            Description = "A HOCON file, layered over the defaults (akka.io.aio.depth = 64 …); options of the verb go over it",
            HelpName = "FILE",
            Recursive = true, // before or after the verb
        };
        var root = new RootCommand(
            "AkkaAio's demo: files read and written by actors over kernel AIO. Exits with 0, with 1 on a failure, with 2 for a wrong " +
            "command line, with 130 after Ctrl-C.")
        {
            config,
            SumVerb.Create(config, stop),
            HashVerb.Create(config, stop),
            CopyVerb.Create(config, stop),
            BenchVerb.Create(config, stop),
            NodeVerb.Create(config, stop),
            ClusterVerb.Create(config, stop),
            LogVerb.Create(config, stop),
        };
        root.Directives.Clear();

        // "@name" is a file of that name, not a file of arguments.
        var result = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var verb = result.CommandResult.Command.Name;
        if (UsageError(result) is { } error)
        {
            return ReportUsage(verb, error);
        }

        return await result.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // StopSignals does it
        });
    }

    /// <summary>Runs a verb: its failure becomes one line, a signal its exit code.</summary>
    /// <param name="verb">Its name.</param>
    /// <param name="stop">The signals.</param>
    /// <param name="run">What it does.</param>
    /// <param name="endsBySignal">A signal is its way to end, and no failure.</param>
    public static async Task<int> RunVerbAsync(
        string verb, StopSignals stop, Func<CancellationToken, Task<int>> run, bool endsBySignal = false)
    {
        try
        {
            var code = await run(stop.Token);
            return endsBySignal ? code : stop.ExitCode ?? code;
        }
        catch (OperationCanceledException) when (stop.ExitCode is { } code)
        {
            return code;
        }
        catch (UsageException e)
        {
            return ReportUsage(verb, e.Message);
        }
        catch (Exception e)
        {
            Complaint.Report(verb, Complaint.Describe(e));
            return stop.ExitCode ?? (e is DemoException failure ? failure.ExitCode : ExitCode.Failure);
        }
    }

    private static int ReportUsage(string verb, string error)
    {
        Complaint.Report(verb, $"{error}; see --help");
        return ExitCode.Usage;
    }

    private static string? UsageError(ParseResult result)
    {
        if (UnknownOption(result) is { } unknown)
        {
            return $"there is no option {unknown}";
        }

        // The parser takes a second one without a value for none at all.
        if (result.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(IsTwice) is { } twice)
        {
            return $"{twice.Option.Name} is there twice";
        }

        if (result.Errors is not [var first, ..])
        {
            return null;
        }

        if (result.CommandResult.Command is { Subcommands.Count: > 0 } group)
        {
            var verbs = string.Join(", ", group.Subcommands.Select(verb => verb.Name));
            return result.UnmatchedTokens is [var word, ..] ? $"there is no verb {word}, only {verbs}" : $"a verb is needed: {verbs}";
        }

        return first.Message.TrimEnd('.');
    }

    private static bool IsTwice(OptionResult option) =>
        option.IdentifierTokenCount > 1 && option.Option.ValueType != typeof(bool) && option.Option.ValueType != typeof(string[]);

    // A verb that takes paths would take a misspelt option for one more. Behind "--" everything is a path.
    private static string? UnknownOption(ParseResult result)
    {
        var beforeDashes = result.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash);
        var arguments = result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .ToHashSet<object>(ReferenceEqualityComparer.Instance);
        return beforeDashes.FirstOrDefault(token => token.Value is ['-', _, ..] && arguments.Contains(token))?.Value ??
               result.UnmatchedTokens.FirstOrDefault(token => token is ['-', _, ..]);
    }
}
