namespace AkkaAio.Demo.Tests.CommandLine;

/// <summary>Alone, because fs.aio-nr is the whole machine's.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;

[Collection(nameof(AloneCollection))]
public sealed class ContextSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Every_verb_gives_its_contexts_back()
    {
        Needs.Interrupts();
        _folder.Random("file", 5000);
        var before = AioNr();

        (await DemoProcess.RunInAsync(_folder.Path, "hash", "file")).ShouldBeQuiet();
        Assert.Equal(before, AioNr());

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "file", "copy")).ShouldBeQuiet();
        Assert.Equal(before, AioNr());

        using var demo = DemoProcess.Start(
            _folder.Path, "sum", "--shards", "2", "--concurrent-requests", "64", "--linger", "1000");
        await demo.FirstLine;
        Assert.True(AioNr() >= before + (2 * 64), "the contexts of the depth that was asked for are there while the system is up");

        await demo.SignalAsync("INT");
        Assert.Equal(130, (await demo.EndAsync()).ExitCode);
        Assert.Equal(before, AioNr());
    }

    private static long AioNr() => long.Parse(File.ReadAllText("/proc/sys/fs/aio-nr"));
}
