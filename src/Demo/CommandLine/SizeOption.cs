using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace AkkaAio.Demo.CommandLine;

/// <summary>An option that takes bytes as fio writes them: 4096, 4k, 1m, 1g; powers of 1024. Null when it is not given.</summary>
internal sealed partial class SizeOption : Option<long?>
{
    private readonly long _min;
    private readonly long _max;

    public SizeOption(string name, long min, long max, string description)
        : base(name)
    {
        _min = min;
        _max = max;
        Description = description;
        HelpName = "SIZE";
        CustomParser = Parse;
    }

    /// <summary>The bytes that a text stands for; null where it stands for none.</summary>
    public static long? ParseSize(string text)
    {
        if (Size().Match(text) is not { Success: true } match ||
            !decimal.TryParse(
                match.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var power = match.Groups["unit"].Value is [var unit]
            ? "kmgt".IndexOf(char.ToLowerInvariant(unit), StringComparison.Ordinal) + 1
            : 0;
        var unitSize = 1L << (10 * power);
        return number <= long.MaxValue / unitSize && number * unitSize is var bytes && bytes == decimal.Truncate(bytes)
            ? (long)bytes
            : null;
    }

    private long? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (ParseSize(text) is { } bytes && bytes >= _min && bytes <= _max)
        {
            return bytes;
        }

        result.AddError($"{Name} takes a size from {_min} to {_max} bytes, such as 4k, 1m or 1g, not \"{text}\"");
        return null;
    }

    [GeneratedRegex(@"^(?<number>\d{1,19}(\.\d{1,9})?)((?<unit>[kmgt])(i?b)?|b)?\z", RegexOptions.IgnoreCase)]
    private static partial Regex Size();
}
