using System.Text.Json;

namespace AkkaAio.Demo.Tests.Clustering;

/// <summary>Nodes, and the verbs that work on their files.</summary>
public sealed class NodeSpecs(TwoNodes nodes) : IClassFixture<TwoNodes>, IDisposable
{
    private readonly TempFolder _folder = new();

    private DemoNode First => nodes.First;

    private DemoNode Second => nodes.Second;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_goes_in_through_one_node_and_comes_back_through_another()
    {
        var sent = _folder.Random("sent", 3_000_001);
        var address = $"{Second.Disk}/a/b";

        Assert.Equal([address], (await ClientAsync(First, "put", sent, address)).ShouldBeQuiet().Stdout);
        Assert.Equal([$"{address} plain 3000001"], (await ClientAsync(Second, "stat", $"{Second.Disk[..8]}/a/b")).ShouldBeQuiet().Stdout);
        (await ClientAsync(Second, "get", address, _folder["back"])).ShouldBeQuiet();
        Assert.Equal(await File.ReadAllBytesAsync(sent), await File.ReadAllBytesAsync(_folder["back"]));
        Assert.Equal(await File.ReadAllBytesAsync(sent), await File.ReadAllBytesAsync(nodes.Folder["disk-2/files/a/b"]));
        Assert.Equal([address], (await ClientAsync(First, "ls", $"{Second.Disk}/a")).ShouldBeQuiet().Stdout);

        (await ClientAsync(First, "put", _folder.Random("shorter", 5), address)).ShouldBeQuiet();
        Assert.Equal(5, new FileInfo(nodes.Folder["disk-2/files/a/b"]).Length);

        (await ClientAsync(First, "rm", address)).ShouldBeQuiet();
        (await ClientAsync(First, "get", address, _folder["none"])).ShouldComplain("cluster get: ", address, "does not exist");
        Assert.False(File.Exists(_folder["none"]));
    }

    [Fact]
    public async Task A_log_is_appended_to_by_lines_and_status_shows_both_disks()
    {
        var address = $"{First.Disk}/log";
        await AppendAsync("one\ntwo\n", address, "--log");
        await AppendAsync("three", address);

        Assert.Equal(["one", "two", "three"], (await ClientAsync(Second, "cat", address)).ShouldBeQuiet().Stdout);
        (await ClientAsync(First, "put", _folder.Random("plain", 1), address)).ShouldComplain(address, "is a log file");
        var status = string.Join('\n', (await ClientAsync(Second, "status")).ShouldBeQuiet().Stdout);
        Assert.All(
            [First.Disk, Second.Disk, $":{First.Port}", $":{Second.Port}"],
            part => Assert.Contains(part, status, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_leaves_at_SIGTERM_and_its_log_has_properties()
    {
        using var third = await DemoNode.StartAsync(
            _folder["disk"], First, ("DEMO__LOG__FILE", _folder["log"]), ("AKKA__LOGLEVEL", "DEBUG"));
        (await ClientAsync(First, "put", _folder.Random("sent", 10), $"{third.Disk}/a")).ShouldBeQuiet();

        await third.SignalAsync("TERM");

        var ended = await third.EndAsync();
        Assert.Empty(ended.Stderr);
        Assert.Equal(0, ended.ExitCode);
        (await ClientAsync(First, "get", $"{third.Disk}/a", _folder["none"], "--wait", "2"))
            .ShouldComplain("cluster get: ", third.Disk, "on no node that is up");

        // Akka.Logger.Serilog: the holes of our messages are properties of their lines, on the console and in the file.
        var file = $"{third.Disk}/a";
        Assert.Contains(ended.Stdout, line => line.Contains($"{file} is open in the shard {third.Disk}", StringComparison.Ordinal));
        var properties = (await File.ReadAllLinesAsync(_folder["log"]))
            .Select(text => JsonDocument.Parse(text).RootElement)
            .First(line => line.GetProperty("MessageTemplate").GetString()!.Contains(
                "{Path} is open in the shard {ShardId}", StringComparison.Ordinal))
            .GetProperty("Properties");
        Assert.Equal(file, properties.GetProperty("Path").GetString());
        Assert.Equal(third.Disk, properties.GetProperty("ShardId").GetString());
    }

    [Fact]
    public async Task A_stream_whose_owner_is_killed_ends_in_words()
    {
        using var third = await DemoNode.StartAsync(_folder["disk"], First);
        var address = await PutLargeAsync(third);
        var (cat, _) = await CatAsync(address);

        await third.SignalAsync("KILL");
        _folder.Text("read-on", "");

        (await cat.EndAsync()).ShouldFail("cluster cat: ", address, "broke off", $"127.0.0.1:{third.Port} has left the cluster");
        cat.Dispose();
    }

    [Fact]
    public async Task A_stream_whose_client_is_killed_lets_the_file_be_closed()
    {
        using var third = await DemoNode.StartAsync(
            _folder["disk"], First, ("AKKA__LOGLEVEL", "DEBUG"), ("AKKA__IO__AIO__CLUSTER__PASSIVATE_AFTER", "1s"));
        var address = await PutLargeAsync(third);
        await third.LineWith($"{address} is closed", 1); // nobody uses it any more
        var (cat, client) = await CatAsync(address);

        await DemoProcess.RunCommandAsync("kill", "-KILL", client);

        await third.LineWith($"{address} is closed", 2);
        cat.Dispose();

        // It leaves: a node that is killed here is unreachable still when the next spec's node joins, and that one is taken out with it.
        await third.SignalAsync("TERM");
        _ = await third.EndAsync();
    }

    private async Task<string> PutLargeAsync(DemoNode node)
    {
        var address = $"{node.Disk}/large";
        (await ClientAsync(First, "put", _folder.Sparse("large", 64 << 20), address)).ShouldBeQuiet();
        return address;
    }

    /// <summary>
    /// Begins to read a file through a pipe, of which one byte is taken, and no more until there is a file "read-on": the stream is under
    /// way until then. Gives the shell, and the client's process id.
    /// </summary>
    private async Task<(DemoProcess Shell, string Client)> CatAsync(string address)
    {
        var cat = string.Join(' ', [.. DemoProcess.CommandLine(AppContext.BaseDirectory), "cluster", "cat", address, .. First.Seed]);
        var reader = "{ head -c 1 >first; : >begun; while [ ! -e read-on ]; do sleep 0.1; done; cat >rest; }";
        using var begins = new NewFile(_folder, "begun");
        var shell = DemoProcess.StartCommand("sh", "-c", $"cd {_folder.Path}; sh -c 'echo $$ >pid; exec {cat}' | {reader}; exit 1");
        await begins.Path;
        return (shell, (await File.ReadAllTextAsync(_folder["pid"])).Trim());
    }

    private static Task<DemoResult> ClientAsync(DemoNode node, string verb, params string[] arguments) =>
        DemoProcess.RunAsync(["cluster", verb, .. arguments, .. node.Seed]);

    private async Task AppendAsync(string text, string address, params string[] options)
    {
        var append = string.Join(
            ' ', [.. DemoProcess.CommandLine(AppContext.BaseDirectory), "cluster", "append", address, .. options, .. Second.Seed]);
        (await DemoProcess.RunCommandAsync("sh", "-c", $"{append} <{_folder.Text("lines", text)}")).ShouldBeQuiet();
    }
}
