namespace AkkaAio.Demo.Tests.CommandLine;

public sealed class HelpSpecs
{
    [Theory]
    [InlineData("--help", "sum", "hash", "copy", "bench", "--config")]
    [InlineData("sum --help", "--file-size", "--concurrent-requests", "--min-nr", "--max-nr", "--shards", "--path", "--linger")]
    [InlineData("hash --help", "sha256sum", "symbolic links", "--config")]
    [InlineData("copy --help", "SRC", "DST", "--stream")]
    [InlineData("log --help", "inspect", "verify", "--config")]
    [InlineData("log verify --help", "FOLDER", "checksum", "--config")]
    [InlineData("bench --help", "--filename", "--size", "--rw", "randread", "--bs", "--iodepth", "--numjobs", "--ioengine", "--shards",
        "--runtime", "--ramp_time", "--fsync", "--api", "--dispatcher", "--json", "--allow-overwrite")]
    public async Task Names_what_there_is(string commandLine, params string[] parts)
    {
        var result = await DemoProcess.RunAsync(commandLine.Split(' '));

        var text = string.Join('\n', result.ShouldBeQuiet().Stdout);
        Assert.All(parts, part => Assert.Contains(part, text, StringComparison.Ordinal));
    }
}
