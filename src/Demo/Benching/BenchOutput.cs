using Spectre.Console;

namespace AkkaAio.Demo.Benching;

/// <summary>
/// Where the table goes, and the JSON: the table to stdout, except where the JSON has stdout to itself. On a terminal the table is there
/// while the measurement runs, and changes.
/// </summary>
internal sealed class BenchOutput
{
    private const string Stdout = "-";

    private readonly string? _json;
    private readonly bool _isLive;
    private readonly IAnsiConsole _console;

    /// <param name="json">A file, "-" or null, of <c>--json</c>.</param>
    public BenchOutput(string? json)
    {
        _json = json;
        var toStderr = json == Stdout;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(toStderr ? Console.Error : Console.Out),
        });
        _isLive = !(toStderr ? Console.IsErrorRedirected : Console.IsOutputRedirected) && _console.Profile.Capabilities.Ansi;
        if (json is not (null or Stdout))
        {
            File.WriteAllText(json, ""); // a name that is wrong is found before the measurement, not after it
        }
    }

    /// <summary>Measures, and shows and writes the result.</summary>
    public async Task<BenchResult> ShowAsync(string title, Func<Action<BenchResult>?, Task<BenchResult>> measure)
    {
        var result = _isLive ? await ShowLiveAsync(title, measure) : await measure(null);
        if (!_isLive)
        {
            _console.Write(BenchTable.Make(title, result));
        }

        if (_json == Stdout)
        {
            Console.Out.WriteLine(BenchJson.Write(result));
        }
        else if (_json is not null)
        {
            await File.WriteAllTextAsync(_json, BenchJson.Write(result) + "\n");
        }

        return result;
    }

    private Task<BenchResult> ShowLiveAsync(string title, Func<Action<BenchResult>?, Task<BenchResult>> measure) =>
        _console.Live(new Text(title)).StartAsync(async context =>
        {
            var result = await measure(soFar => context.UpdateTarget(BenchTable.Make(title, soFar)));
            context.UpdateTarget(BenchTable.Make(title, result));
            return result;
        });
}
