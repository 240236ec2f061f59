using AkkaAio.Demo.Configuration;

namespace AkkaAio.Demo.Tests.Configuration;

public sealed class HoconTextSpecs
{
    [Theory]
    [InlineData("")]
    [InlineData("a { b = [1, 2], c = \"}\" } # }\n// {\nd = \"\\\"{\"")]
    [InlineData("a = \"\"\"{\n\"\n\"\"\"\nb = 1")]
    [InlineData("a {\n  b = 1 # one = two\n}\n")]
    [InlineData("a : 1, b += 2\nc = x=y")]
    [InlineData("a = ${?b}")]
    [InlineData("\"a.b\" = 1")]
    public void What_is_closed_passes(string text) => Assert.Null(HoconText.FindMistake(text));

    [Theory]
    [InlineData("a {\n b {\n c = 1\n }\n", 1, "'{' is never closed")]
    [InlineData("a = 1\nb = [1,\n", 2, "'[' is never closed")]
    [InlineData("a = 1 }\n", 1, "'}' closes nothing")]
    [InlineData("a {\n b = [1 }\n", 2, "'}' stands where the '[' of line 2")]
    [InlineData("a = 1\nb = \"x\nc = \"y\"", 2, "a quote is missing")]
    [InlineData("a = \"\"\"x\n", 1, "is never closed")]
    [InlineData("a = \"\"\"\n\n\"\"\"\n}", 4, "'}' closes nothing")]
    [InlineData("a = 1\n = 2", 2, "'=' has no key")]
    [InlineData("a { : 2 }", 1, "':' has no key")]
    public void What_is_missing_is_named_with_its_line(string text, int line, string what)
    {
        var mistake = HoconText.FindMistake(text);

        Assert.StartsWith($"line {line}: ", mistake, StringComparison.Ordinal);
        Assert.Contains(what, mistake, StringComparison.Ordinal);
    }
}
