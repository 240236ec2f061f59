using System.Globalization;
using System.Text;
using Akka.Configuration;
using Microsoft.Extensions.Configuration;

namespace AkkaAio.Hosting;

/// <summary>
/// A section of an <see cref="IConfiguration"/> as <c>akka.io.aio</c>. All of it is passed on, and the actor system's start checks it: a
/// key or value that is wrong stops the start with its name, where a binder would leave out what it does not know.
/// </summary>
internal static class SectionHocon
{
    /// <summary>DrainTimeout, drain-timeout, drain_timeout and draintimeout are one key; a time may also be "00:00:02".</summary>
    public static Config ToConfig(IConfiguration section)
    {
        var text = new StringBuilder();
        Write(text, section, AioSettings.DefaultConfig().GetConfig(AioSettings.Path));
        return text.Length == 0 ? Config.Empty : ConfigurationFactory.ParseString($"{AioSettings.Path} {{\n{text}}}");
    }

    private static void Write(StringBuilder text, IConfiguration section, Config? known)
    {
        foreach (var child in section.GetChildren())
        {
            var name = NameOf(child.Key, known);
            text.Append(HoconText.Quote(name));
            if (child.GetChildren().Any())
            {
                text.AppendLine(" {");
                Write(text, child, known?.GetValue(name) is { } value && value.IsObject() ? known.GetConfig(name) : null);
                text.AppendLine("}");
            }
            else
            {
                text.Append(" = ").AppendLine(HoconText.Quote(ValueOf(child.Value ?? "")));
            }
        }
    }

    private static string NameOf(string key, Config? known) =>
        known?.AsEnumerable().Select(its => its.Key).FirstOrDefault(name => Letters(name) == Letters(key)) ?? ToKebabCase(key);

    private static string Letters(string key) => key.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal)
        .ToUpperInvariant();

    // A key that is not known: the start's message should show it as it is written in HOCON.
    private static string ToKebabCase(string key)
    {
        var name = new StringBuilder();
        foreach (var character in key)
        {
            if (char.IsUpper(character) && name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }

            name.Append(character == '_' ? '-' : char.ToLowerInvariant(character));
        }

        return name.ToString();
    }

    private static string ValueOf(string value) =>
        value.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var time)
            ? HoconText.ValueOf(time)
            : value;
}
