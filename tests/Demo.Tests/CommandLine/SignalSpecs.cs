namespace AkkaAio.Demo.Tests.CommandLine;

public sealed class SignalSpecs : IDisposable
{
    // All hole, so that it costs no disk; copying it takes seconds.
    private const long Large = 2L << 30;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_killed_copy_leaves_the_destination_as_it_was()
    {
        _folder.Sparse("src", Large);
        _folder.Text("dst", "old");
        using var appears = new NewFile(_folder, ".akka-aio-copy-*");
        using var demo = DemoProcess.Start(_folder.Path, "copy", "src", "dst");
        var temporary = await appears.Path;

        await demo.SignalAsync("KILL");

        Assert.Equal(128 + 9, (await demo.EndAsync()).ExitCode);
        Assert.True(File.Exists(temporary), "the copy was done before it was killed");
        Assert.Equal("old", await File.ReadAllTextAsync(_folder["dst"]));
    }

    [SkippableTheory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130, "--stream")]
    public async Task A_stopped_copy_leaves_nothing_behind(string signal, int exitCode, params string[] options)
    {
        Needs.Interrupts();
        _folder.Sparse("src", Large);
        _folder.Text("dst", "old");
        using var appears = new NewFile(_folder, ".akka-aio-copy-*");
        using var demo = DemoProcess.Start(_folder.Path, ["copy", .. options, "src", "dst"]);
        await appears.Path;

        await demo.SignalAsync(signal);

        var result = await demo.EndAsync();
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Empty(result.Stderr);
        Assert.Equal(["dst", "src"], _folder.Names);
        Assert.Equal("old", await File.ReadAllTextAsync(_folder["dst"]));
    }

    [SkippableFact]
    public async Task A_stopped_sum_removes_its_file()
    {
        Needs.Interrupts();
        using var appears = new NewFile(_folder, "akka-aio-sum-*");
        using var demo = DemoProcess.Start(_folder.Path, "sum", "--file-size", "200000");
        await appears.Path;

        await demo.SignalAsync("INT");

        var result = await demo.EndAsync();
        Assert.Equal(130, result.ExitCode);
        Assert.Empty(result.Stdout);
        Assert.Empty(_folder.Names);
    }

    [SkippableFact]
    public async Task A_stopped_sum_empties_a_file_that_was_empty()
    {
        Needs.Interrupts();
        _folder.Text("empty", "");
        using var filled = new FileSystemWatcher(_folder.Path, "empty") { NotifyFilter = NotifyFilters.Size };
        var fills = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        filled.Changed += (_, _) => fills.TrySetResult();
        filled.EnableRaisingEvents = true;
        using var demo = DemoProcess.Start(_folder.Path, "sum", "--path", "empty", "--file-size", "200000");
        await fills.Task.WaitAsync(DemoProcess.Patience);

        await demo.SignalAsync("INT");

        Assert.Equal(130, (await demo.EndAsync()).ExitCode);
        Assert.Equal(0, new FileInfo(_folder["empty"]).Length);
    }

    [SkippableFact]
    public async Task A_stopped_linger_ends_at_once()
    {
        Needs.Interrupts();
        using var demo = DemoProcess.Start(_folder.Path, "sum", "--linger", "1000", "--file-size", "1");
        await demo.FirstLine;

        await demo.SignalAsync("INT");

        Assert.Equal(130, (await demo.EndAsync()).ExitCode);
        Assert.Empty(_folder.Names);
    }

    [SkippableFact]
    public async Task A_stopped_hash_ends_in_words_of_its_exit_code_only()
    {
        Needs.Interrupts();
        _folder.Sparse("large", 64L << 30);
        using var demo = DemoProcess.Start(_folder.Path, "hash", "missing", "large");
        await demo.FirstLine;

        await demo.SignalAsync("INT");

        var result = await demo.EndAsync();
        Assert.Equal(130, result.ExitCode);
        Assert.Single(result.Stderr);
        Assert.Empty(result.Stdout);
    }
}
