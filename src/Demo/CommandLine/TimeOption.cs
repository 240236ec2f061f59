using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace AkkaAio.Demo.CommandLine;

/// <summary>An option that takes a time as fio writes it: 5 and 5s are seconds, then 200ms, 2m. Null when it is not given.</summary>
internal sealed partial class TimeOption : Option<TimeSpan?>
{
    private readonly TimeSpan _min;
    private readonly TimeSpan _max;

    public TimeOption(string name, TimeSpan min, TimeSpan max, string description)
        : base(name)
    {
        _min = min;
        _max = max;
        Description = description;
        HelpName = "SECONDS";
        CustomParser = Parse;
    }

    /// <summary>The time that a text stands for; null where it stands for none.</summary>
    public static TimeSpan? ParseTime(string text)
    {
        if (Time().Match(text) is not { Success: true } match ||
            !double.TryParse(
                match.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var seconds = number * match.Groups["unit"].Value switch { "ms" => 0.001, "m" => 60, "h" => 3600, _ => 1 };
        return seconds <= TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : null; // more would overflow
    }

    private TimeSpan? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (ParseTime(text) is { } time && time >= _min && time <= _max)
        {
            return time;
        }

        result.AddError(
            $"{Name} takes a time from {_min.TotalSeconds} to {_max.TotalSeconds} seconds, such as 5, 200ms or 2m, not \"{text}\"");
        return null;
    }

    [GeneratedRegex(@"^(?<number>\d{1,9}(\.\d{1,9})?)(?<unit>ms|s|m|h)?\z")]
    private static partial Regex Time();
}
