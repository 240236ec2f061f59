using System.Net;
using System.Net.Sockets;
using AkkaAio.Tests.Support;

namespace AkkaAio.Demo.Tests.Clustering;

/// <summary>A node that cannot start says why in one line.</summary>
public sealed class WrongStartSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("AKKA__IO__AIO__CLUSTER__PASSIVATE_AFTR", "1m", "akka.io.aio.cluster.passivate-aftr", "no such key")]
    [InlineData("AKKA__CLUSTER__GOSSIP_INTERVALL", "1s", "akka.cluster.gossip-intervall", "no such key")]
    [InlineData("AKKA__CLUSTER__SPLIT_BRAIN_RESOLVER__STABLE_AFTER", "soon", "stable-after = soon", "a time")]
    [InlineData("AKKA__CLUSTER__ROLES", "one", "akka.cluster.roles", "a list")]
    [InlineData("AKKA__CLUSTER__ROLES", "[one }]", "AKKA__CLUSTER__ROLES", "'}' stands where")]
    [InlineData("AKKA__CLUSTER__SEED_NODES", "[\"akka.tcp://other@127.0.0.1:1\"]", "akka.cluster.seed-nodes", "akka.tcp://files@HOST:PORT")]
    [InlineData(
        "AKKA__CLUSTER__SPLIT_BRAIN_RESOLVER__ACTIVE_STRATEGY", "keep-minority", "active-strategy", "keep-minority", "keep-majority")]
    [InlineData("AKKA__CLUSTER__SHARDING__STATE_STORE_MODE", "persistence", "akka.cluster.sharding.state-store-mode", "ddata")]
    [InlineData("AKKA__ACTOR__PROVIDER", "local", "akka.actor.provider", "cluster")]
    [InlineData("AKKA__REMOTE__DOT_NETTY__TCP__HOSTNAME", "10.99.99.99", "hostname", "without mutual TLS", "allow-plaintext")]
    [InlineData("AKKA__IO__AIO__DEPTH", "sixty", "akka.io.aio.depth", "sixty", "a whole number")]
    [InlineData("AKKA__IO__AIO__CLUSTER__STORAGE", "remote", "akka.io.aio.cluster.storage", "remote")]
    [InlineData("DEMO__LOG__CONSOLE", "xml", "demo.log.console", "xml", "json")]
    public async Task A_wrong_key_is_named(string name, string value, params string[] parts)
    {
        var result = await RunAsync(DemoNode.Config, 0, _folder.Path, (name, value));

        result.ShouldComplain(["node: ", .. parts]);
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(_folder.Names); // nothing was begun
    }

    [Fact]
    public async Task A_wrong_key_in_the_file_is_named_with_the_file()
    {
        var text = await File.ReadAllTextAsync(DemoNode.Config);
        var file = _folder.Text("node.conf", text.Replace("stable-after", "stabel-after", StringComparison.Ordinal));

        (await RunAsync(file, 0, _folder["disk"])).ShouldComplain(file, "akka.cluster.split-brain-resolver.stabel-after", "stable-after");
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_named() =>
        (await RunAsync(_folder["nowhere.conf"], 0, _folder.Path)).ShouldComplain("nowhere.conf", "ENOENT");

    [Fact]
    public async Task Without_a_file_the_option_is_named() =>
        (await DemoProcess.RunAsync("node")).ShouldComplain("--config", "config/node.conf");

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        (await RunAsync(DemoNode.Config, port, _folder.Path)).ShouldComplain($"127.0.0.1:{port}", "in use", "--port");
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_named() =>
        (await RunAsync(DemoNode.Config, 0, _folder["nowhere"])).ShouldComplain(_folder["nowhere"], "ENOENT");

    [Fact]
    public async Task A_folder_with_something_else_in_it_is_named()
    {
        _folder.Text("letter", "dear");

        (await RunAsync(DemoNode.Config, 0, _folder.Path)).ShouldComplain(_folder.Path, "letter", "no disk");
    }

    [SkippableFact]
    public async Task A_folder_that_is_read_only_is_named()
    {
        using var folder = new TempFolder("/tmp");
        var asNobody = await AsNobody.PrepareAsync(folder);
        Directory.CreateDirectory(folder["disk"]);

        var result = await DemoProcess.RunCommandAsync(
            [.. asNobody, "node", "--config", folder["demo/node.conf"], "--port", "0", "--data", folder["disk"]]);

        result.ShouldComplain(folder["disk"], "EACCES");
    }

    [Fact]
    public async Task A_log_file_that_cannot_be_made_is_named() =>
        (await RunAsync(DemoNode.Config, 0, _folder["disk"], ("DEMO__LOG__FILE", "/proc/nowhere/log")))
            .ShouldComplain("demo.log.file", "/proc/nowhere/log", "ENOENT");

    [Fact]
    public async Task A_seed_that_does_not_answer_ends_the_node()
    {
        var port = FreePort.Take();

        var result = await RunAsync(
            DemoNode.Config, 0, Directory.CreateDirectory(_folder["disk"]).FullName, ("AKKA__CLUSTER__SEED_NODES", DemoNode.Seeds(port)),
            ("AKKA__CLUSTER__SHUTDOWN_AFTER_UNSUCCESSFUL_JOIN_SEED_NODES", "2s"));

        result.ShouldFail($"127.0.0.1:{port}", "no node answers", "akka.cluster.seed-nodes");
    }

    [Theory]
    [InlineData("status", "--seed", "127.0.0.1", "HOST:PORT")]
    [InlineData("stat", "0000/a", "--wait", "none", "--wait")]
    public async Task A_wrong_option_of_a_client_is_named(string verb, params string[] arguments) =>
        (await DemoProcess.RunAsync(["cluster", verb, .. arguments[..^1]])).ShouldComplain(arguments[^1]);

    [Fact]
    public async Task A_client_that_finds_no_cluster_says_so()
    {
        var seed = $"127.0.0.1:{FreePort.Take()}";

        (await DemoProcess.RunAsync("cluster", "status", "--seed", seed, "--wait", "1")).ShouldComplain(
            seed, "no node of a cluster answers");
    }

    private static async Task<DemoResult> RunAsync(string file, int port, string folder, params (string Name, string Value)[] environment)
    {
        using var node = DemoProcess.StartWith(environment, "node", "--config", file, "--port", $"{port}", "--data", folder);
        return await node.EndAsync();
    }
}
