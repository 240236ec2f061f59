using System.Globalization;
using System.Text;
using Akka.Configuration;

namespace AkkaAio.Hosting;

/// <summary>
/// Writes keys and values of one section as HOCON. Nothing is checked here: the actor system's start does, and names the key.
/// </summary>
/// <param name="root">The section's full path.</param>
internal sealed class HoconText(string root)
{
    private readonly StringBuilder _text = new();

    /// <summary>A value; null: the key is left out.</summary>
    /// <param name="key">Below the root, with dots.</param>
    /// <param name="value">Text, a number, a time, or an enum, whose name in lower case is the value.</param>
    public HoconText Add(string key, object? value)
    {
        if (value is not null)
        {
            _text.Append(root).Append('.').Append(key).Append(" = ").AppendLine(Quote(ValueOf(value)));
        }

        return this;
    }

    public Config ToConfig() => _text.Length == 0 ? Config.Empty : ConfigurationFactory.ParseString(_text.ToString());

    /// <summary>A string of HOCON, in quotes.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' or '\\' => quoted.Append('\\').Append(character),
                < ' ' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => quoted.Append(character),
            };
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>A time as HOCON has it.</summary>
    public static string ValueOf(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.####} ms");

    private static string ValueOf(object value) => value switch
    {
        TimeSpan time => ValueOf(time),
        Enum name => name.ToString().ToLowerInvariant(),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
