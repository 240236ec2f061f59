namespace AkkaAio.Demo.Tests.CommandLine;

/// <summary>A stdout or stderr that takes nothing, or is closed: no crash, and results that are lost are a failure.</summary>
public sealed class FullStreamSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public FullStreamSpecs() => _folder.Text("file", "content");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--help > /dev/full", 1)]
    [InlineData("bench --help > /dev/full", 1)]
    [InlineData("--version > /dev/full", 1)]
    [InlineData("hash file > /dev/full", 1)]
    [InlineData("sum --file-size 1 > /dev/full", 1)]
    [InlineData("bench --filename b --size 64k --runtime 10ms --ramp_time 0 --shards 1 > /dev/full", 1)]
    [InlineData("bench --filename b --size 64k --runtime 10ms --ramp_time 0 --shards 1 --json - > /dev/full", 1)]
    [InlineData("hash nosuch 2> /dev/full", 1)]
    [InlineData("copy nosuch x 2> /dev/full", 1)]
    [InlineData("bench 2> /dev/full", 2)]
    [InlineData("nosuch 2> /dev/full", 2)]
    [InlineData("sum --file-size 1 2> /dev/full", 0)]
    [InlineData("copy /proc/version x 2> /dev/full", 0)]
    [InlineData("hash file nosuch > /dev/full 2> /dev/full", 1)]
    [InlineData("--help > /dev/full 2> /dev/full", 1)]
    [InlineData("hash nosuch 2>&-", 1)]
    [InlineData("nosuch >&- 2>&-", 2)]
    public async Task Ends_with_the_exit_code(string commandLine, int exitCode)
    {
        var demo = string.Join(' ', DemoProcess.CommandLine(AppContext.BaseDirectory).Select(word => $"'{word}'"));

        var result = await DemoProcess.RunCommandAsync("sh", "-c", $"cd '{_folder.Path}' && exec {demo} {commandLine}");

        Assert.True(exitCode == result.ExitCode, $"{result.ExitCode}: {string.Join('\n', result.Stderr)}");
        Assert.DoesNotContain(result.Stderr, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Results_that_are_lost_are_named()
    {
        var demo = string.Join(' ', DemoProcess.CommandLine(AppContext.BaseDirectory).Select(word => $"'{word}'"));

        foreach (var verb in new[] { "hash file", "--help", "--version" })
        {
            (await DemoProcess.RunCommandAsync("sh", "-c", $"cd '{_folder.Path}' && exec {demo} {verb} > /dev/full"))
                .ShouldComplain("stdout: ", "ENOSPC");
        }
    }
}
