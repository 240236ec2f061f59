using AkkaAio.Tests.Support;

namespace AkkaAio.Demo.Tests.Clustering;

/// <summary>A node of a cluster as a process of its own, from <c>config/node.conf</c>.</summary>
internal sealed class DemoNode : IDisposable
{
    public static readonly string Config = Path.Join(AppContext.BaseDirectory, "config", "node.conf");

    private readonly DemoProcess _process;

    private DemoNode(DemoProcess process, int port, string disk) => (_process, Port, Disk) = (process, port, disk);

    public int Port { get; }

    /// <summary>The id of its disk.</summary>
    public string Disk { get; }

    /// <summary>The arguments that name it to a client's verb.</summary>
    public string[] Seed => ["--seed", $"127.0.0.1:{Port}"];

    /// <summary>Starts a node with a folder, which joins through another one or begins a cluster; gives it when it is up.</summary>
    public static Task<DemoNode> StartAsync(string folder, DemoNode? seed = null, params (string Name, string Value)[] environment)
    {
        var port = FreePort.Take();
        return StartAsync(Config, port, folder, [("AKKA__CLUSTER__SEED_NODES", Seeds(seed?.Port ?? port)), .. environment]);
    }

    /// <summary>Starts a node; gives it when it is up.</summary>
    public static async Task<DemoNode> StartAsync(string config, int port, string folder, params (string Name, string Value)[] environment)
    {
        var process = DemoProcess.StartWith(
            environment, "node", "--config", config, "--port", $"{port}", "--data", Directory.CreateDirectory(folder).FullName);
        try
        {
            var line = await process.LineWith(" is up; disks: ");
            return new DemoNode(process, port, line[(line.IndexOf("disks: ", StringComparison.Ordinal) + 7)..].Split(' ')[0]);
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <summary>The value of <c>AKKA__CLUSTER__SEED_NODES</c> for one node.</summary>
    public static string Seeds(int port) => $"[\"akka.tcp://files@127.0.0.1:{port}\"]";

    /// <summary>Waits for the nth line of its log with a text.</summary>
    public Task<string> LineWith(string part, int nth) => _process.LineWith(part, nth);

    public Task SignalAsync(string signal) => _process.SignalAsync(signal);

    public Task<DemoResult> EndAsync() => _process.EndAsync();

    public void Dispose() => _process.Dispose();
}
