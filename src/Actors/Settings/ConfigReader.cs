using System.Globalization;
using Akka.Configuration;

namespace AkkaAio;

/// <summary>Reads values of one section, whose full path is given; every failure names the key, the value and what is allowed.</summary>
internal sealed class ConfigReader(Config section, string path)
{
    public int Int(string key, int min, int max) =>
        int.TryParse(Text(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) &&
        value >= min && value <= max
            ? value
            : throw Wrong(key, $"a whole number from {min} to {max}");

    public int IntOrAuto(string key, int min, int max, int auto) =>
        Text(key) == "auto"
            ? auto
            : int.TryParse(Text(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) &&
              value >= min && value <= max
                ? value
                : throw Wrong(key, $"auto or a whole number from {min} to {max}");

    public double Fraction(string key) =>
        double.TryParse(Text(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= 1
            ? value
            : throw Wrong(key, "a number above 0 and up to 1");

    public string OneOf(string key, params string[] allowed) =>
        allowed.Contains(Text(key)) ? Text(key) : throw Wrong(key, $"one of {string.Join(", ", allowed)}");

    public long Bytes(string key, long min, long max) =>
        Parse(key, section.GetByteSize) is { } value && value >= min && value <= max
            ? value
            : throw Wrong(key, $"a size from {min} to {max} bytes, such as 1 MiB");

    public long BytesOrAuto(string key, long min, long max, long auto) =>
        Text(key) == "auto" ? auto
        : Parse(key, section.GetByteSize) is { } value && value >= min && value <= max ? value
        : throw Wrong(key, $"auto or a size from {min} to {max} bytes, such as 1 MiB");

    public TimeSpan Time(string key, TimeSpan min, TimeSpan max) =>
        Parse(key, name => (TimeSpan?)section.GetTimeSpan(name, allowInfinite: false)) is { } value && value >= min && value <= max
            ? value
            : throw Wrong(key, $"a time from {min.TotalMilliseconds} ms to {max.TotalSeconds} s, such as 100 ms");

    private static T? Parse<T>(string key, Func<string, T?> parse)
    {
        try
        {
            return parse(key);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ConfigurationException)
        {
            return default;
        }
    }

    private string Text(string key) => section.GetString(key).Trim();

    private AioConfigurationException Wrong(string key, string allowed) =>
        new($"{path}.{key}", $"\"{Text(key)}\" is not {allowed}");
}
