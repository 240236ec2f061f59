using System.Collections;
using Akka.Configuration;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Configuration;

namespace AkkaAio.Demo.Clustering;

/// <summary>
/// Environment variables that are keys of the configuration, over the file: <c>AKKA__REMOTE__DOT_NETTY__TCP__PORT=4054</c> is
/// <c>akka.remote.dot-netty.tcp.port = 4054</c>. <c>__</c> is a dot, <c>_</c> a hyphen. A value that begins with [ or { is HOCON, any
/// other is text.
/// </summary>
internal static class EnvironmentKeys
{
    private static readonly string[] Roots = ["AKKA__", "DEMO__"];

    /// <summary>Those of this process; empty without any.</summary>
    /// <exception cref="DemoException">A value is no HOCON.</exception>
    public static Config Read() => Parse(
        from DictionaryEntry variable in Environment.GetEnvironmentVariables()
        orderby (string)variable.Key
        select ((string)variable.Key, (string?)variable.Value ?? ""));

    /// <summary>Those of a list of variables.</summary>
    public static Config Parse(IEnumerable<(string Name, string Value)> variables)
    {
        var lines = variables
            .Where(variable => Roots.Any(root =>
                variable.Name.StartsWith(root, StringComparison.Ordinal) && variable.Name.Length > root.Length))
            .Select(variable => $"{KeyOf(variable.Name)} = {ValueOf(variable.Name, variable.Value)}")
            .ToList();
        return lines.Count == 0 ? Config.Empty : ConfigurationFactory.ParseString(string.Join('\n', lines));
    }

    private static string KeyOf(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
        ? name.ToLowerInvariant().Replace("__", ".", StringComparison.Ordinal).Replace('_', '-')
        : throw new DemoException($"the environment variable {name} has a name that is no key: it is letters, digits and _");

    // Akka's parser never ends, and takes all memory, where a bracket is closed by one of another kind.
    private static string ValueOf(string name, string value) =>
        value is not ['[' or '{', ..] ? HoconString.Quote(value)
        : HoconText.FindMistake(value) is { } mistake ? throw new DemoException($"the environment variable {name}, {mistake}")
        : value;
}
