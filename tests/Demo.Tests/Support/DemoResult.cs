namespace AkkaAio.Demo.Tests;

/// <summary>What a run left: exit code and lines.</summary>
internal sealed record DemoResult(int ExitCode, IReadOnlyList<string> Stdout, IReadOnlyList<string> Stderr)
{
    private static readonly string[] Unwanted = ["   at ", "Exception", "System.", "Akka.", "Unhandled"];

    /// <summary>All is well and stderr is empty.</summary>
    public DemoResult ShouldBeQuiet()
    {
        Assert.Equal("", string.Join('\n', Stderr));
        Assert.Equal(0, ExitCode);
        return this;
    }

    /// <summary>One line on stderr with these parts, nothing on stdout, and an exit code that is not zero.</summary>
    public void ShouldComplain(params string[] parts)
    {
        Assert.Empty(Stdout);
        ShouldFail(parts);
    }

    /// <summary>As <see cref="ShouldComplain"/>, of a run that has written to stdout before.</summary>
    public void ShouldFail(params string[] parts)
    {
        Assert.NotEqual(0, ExitCode);
        var line = Assert.Single(Stderr);
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.All(Unwanted, word => Assert.DoesNotContain(word, line, StringComparison.Ordinal));
    }
}
