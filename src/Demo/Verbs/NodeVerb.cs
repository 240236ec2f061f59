using System.CommandLine;
using Akka.Actor;
using AkkaAio.Cluster;
using AkkaAio.Demo.Clustering;
using AkkaAio.Demo.CommandLine;
using AkkaCluster = Akka.Cluster.Cluster;

namespace AkkaAio.Demo.Verbs;

/// <summary><c>node</c>: a node of a cluster, from a HOCON file.</summary>
internal static class NodeVerb
{
    private const string Name = "node";

    public static Command Create(Option<string?> config, StopSignals stop)
    {
        var port = new NumberOption("--port", 0, 65535, "The port: akka.remote.dot-netty.tcp.port; 0 takes a free one");
        var data = new Option<string[]>("--data")
        {
            Description = "A folder that this node has: akka.io.aio.cluster.directories. It may be given several times",
            HelpName = "DIR",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command(
            Name,
            "Runs a node of a cluster that serves the files of its folders to every other node, until SIGTERM or Ctrl-C, " +
            "at which it leaves the cluster and ends with 0. Everything is in the file of --config; " +
            "environment variables go over it (AKKA__REMOTE__DOT_NETTY__TCP__PORT=4054: __ is a dot, _ a hyphen), options over both.")
        {
            port, data,
        };
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(
            Name, stop, token => RunAsync(result.GetValue(config), result.GetValue(port), result.GetValue(data) ?? [], token),
            endsBySignal: true));
        return command;
    }

    private static async Task<int> RunAsync(string? file, int? port, string[] data, CancellationToken stop)
    {
        var config = NodeConfig.Read(file, port, data);
        NodeConfig.CheckPort(config);
        using var log = NodeLog.Start(config);
        var setup = AioClusterSetup.For(config);
        ActorSystem system;
        try
        {
            system = ActorSystem.Create(NodeConfig.SystemName, setup);
        }
        catch (Exception e)
        {
            setup.Get<AioClusterSetup>().Value.Release();
            throw new DemoException($"{file}: {Complaint.Describe(e)}");
        }

        try
        {
            var files = AioClusterExt.Get(system);
            var cluster = AkkaCluster.Get(system);
            if (!await IsUpAsync(system, cluster, stop))
            {
                throw new DemoException(
                    $"{cluster.SelfAddress} could not join: no node answers at {string.Join(", ", cluster.Settings.SeedNodes)} " +
                    "(akka.cluster.seed-nodes); start one of them, or put this node's own address first to begin a new cluster");
            }

            var disks = string.Join(", ", files.Disks.Select(disk => $"{disk.Id} in {disk.Path}"));
            Console.Out.WriteLine($"node {cluster.SelfAddress} is up; {(disks.Length == 0 ? "no disks" : $"disks: {disks}")}");
            Console.Out.Flush();
            var ended = system.WhenTerminated;
            await Task.WhenAny(ended, Task.Delay(Timeout.Infinite, stop));
            if (ended.IsCompleted && !stop.IsCancellationRequested)
            {
                throw new DemoException(
                    $"{cluster.SelfAddress} was taken out of the cluster, which could not reach it any more; start it again");
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // before it was up
        }
        finally
        {
            await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance);
            await system.Terminate();
        }

        return ExitCode.Ok;
    }

    // False: the system ended before, because no seed node answered.
    private static async Task<bool> IsUpAsync(ActorSystem system, AkkaCluster cluster, CancellationToken stop)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(() => up.TrySetResult());
        if (cluster.Settings.SeedNodes.IsEmpty)
        {
            cluster.Join(cluster.SelfAddress); // a cluster of its own
        }

        await Task.WhenAny(up.Task, system.WhenTerminated).WaitAsync(stop);
        return up.Task.IsCompletedSuccessfully;
    }
}
