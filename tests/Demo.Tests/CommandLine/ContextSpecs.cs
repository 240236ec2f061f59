using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Demo.Tests.CommandLine;

/// <summary>Alone, because the contexts of this whole process are counted.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;

[Collection(nameof(AloneCollection))]
public sealed class ContextSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // In this process: what another has is gone with it in any case.
    [Fact]
    public async Task Every_verb_gives_its_contexts_back()
    {
        var file = Path.Join(_folder.Path, "file");
        _folder.Random("file", 5000);
        string[][] commandLines =
        [
            ["hash", file], ["copy", file, file + ".copy"],
            ["sum", "--path", Path.Join(_folder.Path, "sum"), "--shards", "2", "--concurrent-requests", "64"],
        ];
        foreach (var commandLine in commandLines)
        {
            using var stop = new StopSignals();
            Assert.Equal(0, await DemoCommand.RunAsync(commandLine, stop).WaitAsync(DemoProcess.Patience));
            Assert.Equal(0, ContextsOf("self"));
        }
    }

    [SkippableFact]
    public async Task While_it_lingers_its_contexts_are_there()
    {
        Needs.Interrupts();
        using var demo = DemoProcess.Start(
            _folder.Path, "sum", "--shards", "2", "--concurrent-requests", "64", "--linger", "1000");
        await demo.FirstLine;
        Assert.Equal(2, ContextsOf($"{demo.Id}"));
        await demo.SignalAsync("INT");
        Assert.Equal(130, (await demo.EndAsync()).ExitCode);
    }

    // Each has its ring mapped. Not by fs.aio-nr, which is the whole machine's.
    private static int ContextsOf(string process) =>
        File.ReadLines($"/proc/{process}/maps").Count(line => line.Contains("[aio]", StringComparison.Ordinal));
}
