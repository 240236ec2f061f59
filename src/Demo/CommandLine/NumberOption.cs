using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace AkkaAio.Demo.CommandLine;

/// <summary>An option that takes a whole number of a range and says so in words. Null when it is not given.</summary>
internal sealed class NumberOption : Option<int?>
{
    private readonly int _min;
    private readonly int _max;

    public NumberOption(string name, int min, int max, string description)
        : base(name)
    {
        _min = min;
        _max = max;
        Description = description;
        HelpName = "N";
        CustomParser = Parse;
    }

    private int? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) &&
            value >= _min && value <= _max)
        {
            return value;
        }

        result.AddError($"{Name} takes a whole number from {_min} to {_max}, not \"{text}\"");
        return null;
    }
}
