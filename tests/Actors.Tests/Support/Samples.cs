using System.Runtime.CompilerServices;

namespace AkkaAio.Tests.Support;

/// <summary>Samples of the pages, compiled and run in tests, and compared with what the pages show. Other projects use it too.</summary>
internal static class Samples
{
    /// <summary>The page shows the sample of this name in this source.</summary>
    public static void AssertShows(string name, string page, string source)
    {
        var text = File.ReadAllText(PageOf(page));
        var shown = Between(text, $"<!-- sample: {name} -->\n```csharp\n", "```");
        var run = Between(File.ReadAllText(source), $"// sample: {name}\n", "// end");
        Xunit.Assert.Equal(Dedent(run), Dedent(shown));
    }

    /// <summary>Where a page of the repository is.</summary>
    public static string PageOf(string page) => Path.Combine(Path.GetDirectoryName(SourcePath())!, "..", "..", "..", page);

    private static string SourcePath([CallerFilePath] string path = "") => path;

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        Xunit.Assert.True(from >= start.Length, $"{start} is missing");
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string Dedent(string text)
    {
        var lines = text.Split('\n').Where(line => line.Trim().Length > 0).ToArray();
        var margin = lines.Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line[margin..].TrimEnd()));
    }
}
