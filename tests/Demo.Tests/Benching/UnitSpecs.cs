using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Demo.Tests.Benching;

public sealed class UnitSpecs
{
    [Theory]
    [InlineData("4096", 4096L)]
    [InlineData("512b", 512L)]
    [InlineData("4k", 4096L)]
    [InlineData("4K", 4096L)]
    [InlineData("4kib", 4096L)]
    [InlineData("1.5m", 1572864L)]
    [InlineData("1g", 1L << 30)]
    [InlineData("2T", 2L << 40)]
    [InlineData("", null)]
    [InlineData("k", null)]
    [InlineData("4x", null)]
    [InlineData("-4k", null)]
    [InlineData("0.3", null)]
    [InlineData("1e3", null)]
    [InlineData("9999999999999999999", null)]
    [InlineData("999999999999999999t", null)]
    public void Sizes_are_fios(string text, long? bytes) => Assert.Equal(bytes, SizeOption.ParseSize(text));

    [Theory]
    [InlineData("5", 5000.0)]
    [InlineData("0.25", 250.0)]
    [InlineData("1.5s", 1500.0)]
    [InlineData("200ms", 200.0)]
    [InlineData("2m", 120_000.0)]
    [InlineData("1h", 3_600_000.0)]
    [InlineData("", null)]
    [InlineData("-1", null)]
    [InlineData("5x", null)]
    public void Times_are_fios(string text, double? milliseconds) =>
        Assert.Equal(milliseconds, TimeOption.ParseTime(text)?.TotalMilliseconds);
}
