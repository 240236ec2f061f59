using System.Globalization;
using System.Text.RegularExpressions;
using Akka.Configuration;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Demo.Configuration;

/// <summary>
/// The layers of the configuration, the first that has a key wins: options that were given, <c>--config</c>, the verb's own defaults,
/// the demo's defaults, Akka's and AkkaAio's <c>reference.conf</c>.
/// </summary>
internal static partial class DemoConfig
{
    // stdout is for results, stderr for what the user must know. Signals end the demo through StopSignals, not through Akka's hook.
    private const string Defaults =
        """
        akka {
          loggers = ["AkkaAio.Demo.Logging.SerilogLogger, AkkaAio.Demo"]
          loglevel = WARNING
          stdout-loglevel = OFF
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
        }
        """;

    /// <summary>The file of <c>--config</c>, checked as text and for keys that nobody reads; empty without one.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="known">What keys there can be; null: those of Akka and AkkaAio.</param>
    /// <exception cref="UsageException">The path is empty, or not UTF-8.</exception>
    /// <exception cref="DemoException">The file is not there, or not what it should be; one line that says what and where.</exception>
    public static Config ReadFile(string? path, Config? known = null)
    {
        if (path is null)
        {
            return Config.Empty;
        }

        LostNames.Refuse(path);
        if (path.Length == 0)
        {
            throw new UsageException("--config needs the name of a file");
        }

        var text = ReadText(path);
        if (HoconText.FindMistake(text) is { } mistake)
        {
            throw new DemoException($"{path}, {mistake}");
        }

        try
        {
            var file = ConfigurationFactory.ParseString(text, _ => throw new DemoException($"{path}: include is not offered here"));
            if (RootKeys.FindMistake(file, known) is { } unknown)
            {
                throw new DemoException($"{path}: {unknown}");
            }

            return file;
        }
        catch (Exception e) when (e is not DemoException)
        {
            throw new DemoException(
                PositionIn(e.Message) is { } position
                    ? $"{path}, line {text.AsSpan(0, Math.Min(position, text.Length)).Count('\n') + 1}: this is no HOCON"
                    : $"{path}: {Complaint.Describe(e)}");
        }
    }

    /// <summary>Puts the layers together.</summary>
    public static Config Layer(Config options, Config file, Config verbDefaults) =>
        new[] { file, verbDefaults, ConfigurationFactory.ParseString(Defaults), AioSettings.DefaultConfig() }
            .Where(layer => !layer.IsEmpty)
            .Aggregate(options, (upper, lower) => upper.IsEmpty ? lower : upper.WithFallback(lower));

    // Akka's parser speaks of characters from the start, as "Unknown token at position 25:".
    private static int? PositionIn(string message) =>
        Position().Match(message) is { Success: true, Groups: [_, var digits] } &&
        int.TryParse(digits.ValueSpan, CultureInfo.InvariantCulture, out var position)
            ? position
            : null;

    [GeneratedRegex(@"at position (\d+)")]
    private static partial Regex Position();

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new DemoException(
                Directory.Exists(path) ? Complaint.Describe(path, Errno.EISDIR)
                : Complaint.Describe(path, e));
        }
    }
}
