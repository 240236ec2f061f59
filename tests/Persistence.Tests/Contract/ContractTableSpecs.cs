using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>docs/journal-contract.md names a spec for each line of the contract.</summary>
public sealed partial class ContractTableSpecs
{
    private static readonly string[] Lines =
        [.. Numbered('W', 9), .. Numbered('R', 6), .. Numbered('D', 2), .. Numbered('S', 8), .. Numbered('F', 12)];

    [Fact]
    public void Each_line_has_specs_and_each_that_is_named_is_run()
    {
        var page = File.ReadAllText(Path.Combine(Path.GetDirectoryName(SourcePath())!, "../../../docs/journal-contract.md"));
        var rows = Row().Matches(page).ToDictionary(row => row.Groups["line"].Value, row => Spec().Matches(row.Groups["specs"].Value));
        Assert.Equal(Lines.Order(), rows.Keys.Order());
        foreach (var (line, specs) in rows)
        {
            Assert.True(specs.Count > 0, $"{line} has no spec");
            Assert.All(specs, spec => AssertRuns(spec.Groups["class"].Value, spec.Groups["method"].Value));
        }
    }

    // In its class, or in all that derive from it.
    private static void AssertRuns(string name, string method)
    {
        var type = Assert.Single(typeof(ContractTableSpecs).Assembly.GetTypes(), type => type.Name == name);
        Assert.True(type.GetMethod(method)?.GetCustomAttribute<FactAttribute>() is { Skip: null }, $"{name}.{method} is no spec");
        Assert.Contains(type.Assembly.GetTypes(), other => !other.IsAbstract && other.IsPublic && type.IsAssignableFrom(other));
    }

    private static IEnumerable<string> Numbered(char letter, int count) => Enumerable.Range(1, count).Select(i => $"{letter}{i}");

    private static string SourcePath([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^\| (?<line>[WRDSF]\d+) \|[^|]*\|(?<specs>[^|]*)\|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`(?<class>\w+)\.(?<method>\w+)`")]
    private static partial Regex Spec();
}
