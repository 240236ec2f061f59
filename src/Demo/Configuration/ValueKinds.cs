using System.Text.RegularExpressions;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace AkkaAio.Demo.Configuration;

/// <summary>
/// Finds a value that cannot be one of its key's, such as a word where the reference has a time. Akka reads most of its keys when the
/// system runs, and does not say which one was wrong.
/// </summary>
internal static partial class ValueKinds
{
    private static readonly (Regex Form, string Name)[] Kinds =
    [
        (Time(), "a time, such as 500 ms"), (Number(), "a number"), (Size(), "a number of bytes, such as 64 KiB"), (Switch(), "on or off"),
    ];

    // By name: the reference has an empty list there, which is no list to Akka's parser; nor is a text, which it takes for an empty list.
    private static readonly string[] ListKeys = ["akka.cluster.seed-nodes", "akka.cluster.roles"];

    /// <summary>What is wrong in the file's section, or null. Sections below it are not looked at.</summary>
    public static string? FindMistake(Config file, Config known, string path)
    {
        if (file.GetValue(path) is not { } section || !section.IsObject() || known.GetValue(path)?.IsObject() != true)
        {
            return null;
        }

        var references = known.GetConfig(path).AsEnumerable().ToDictionary(entry => entry.Key, entry => entry.Value);
        foreach (var (name, value) in file.GetConfig(path).AsEnumerable())
        {
            if (ListKeys.Contains($"{path}.{name}"))
            {
                if (!value.IsArray() && (value.IsObject() || !string.IsNullOrEmpty(value.GetString())))
                {
                    return $"{path}.{name}: it takes a list, such as [\"a\", \"b\"]";
                }

                continue;
            }

            if (!references.TryGetValue(name, out var reference) || IsOpen(reference))
            {
                continue;
            }

            var kind = (value.IsObject(), value.IsArray()) switch
            {
                (var isObject, _) when isObject != reference.IsObject() => isObject ? "a value, not a section" : "a section, not a value",
                (_, var isArray) when isArray != reference.IsArray() =>
                    isArray ? "one value, not a list" : "a list, such as [\"a\", \"b\"]",
                (false, false) => KindMissed(value.GetString(), reference.GetString()),
                _ => null,
            };
            if (kind is not null)
            {
                return $"{path}.{name}{(value.IsObject() || value.IsArray() ? "" : $" = {value.GetString()}")}: it takes {kind}";
            }
        }

        return null;
    }

    // An empty text, or an empty list.
    private static bool IsOpen(HoconValue reference) =>
        !reference.IsObject() && !reference.IsArray() && string.IsNullOrEmpty(reference.GetString());

    // Many times and numbers may be switched off, and some switches take a time: one of these where another is expected is let pass.
    private static string? KindMissed(string value, string reference) =>
        value == "infinite" || Kinds.Any(kind => kind.Form.IsMatch(value))
            ? null
            : Kinds.FirstOrDefault(kind => kind.Form.IsMatch(reference)).Name;

    [GeneratedRegex(@"^\d+(\.\d+)? ?(ns|us|ms|s|m|h|d|nano\w*|micro\w*|milli\w*|seconds?|minutes?|hours?|days?)$")]
    private static partial Regex Time();

    [GeneratedRegex(@"^-?\d+(\.\d+)?$")]
    private static partial Regex Number();

    [GeneratedRegex(@"^\d+(\.\d+)? ?([kKmMgGtT]i?)?[bB]$")]
    private static partial Regex Size();

    [GeneratedRegex("^(on|off|true|false|yes|no)$")]
    private static partial Regex Switch();
}
