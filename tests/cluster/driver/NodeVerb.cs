using System.Globalization;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Cluster;
using AkkaAio.Cluster;

namespace AkkaAio.ClusterDriver;

/// <summary>One node with a disk.</summary>
internal static class NodeVerb
{
    private const PosixSignal Usr1 = (PosixSignal)10;

    public static async Task<int> RunAsync(
        string seeds, string host, int port, string data, bool isShared, bool isUnfenced, int writers, bool blocking, string hocon)
    {
        ActorSystem system;
        try
        {
            system = isShared
                ? Systems.StartShared(seeds, host, port, data, isUnfenced, hocon)
                : Systems.Start(seeds, host, port, data, hocon);
        }
        catch (AioClusterException e)
        {
            Console.Error.WriteLine($"refused: {e.Message}");
            return 2;
        }

        using var gaps = PosixSignalRegistration.Create(Usr1, signal =>
        {
            signal.Cancel = true;
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"heartbeat-gap {HeartbeatGaps.TakeLongest().TotalSeconds:0.00}"));
        });
        using var end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            _ = Systems.LeaveAsync(system);
        });
        system.ActorOf(Props.Create(() => new Unreachables()), "unreachables");
        await Systems.AwaitUpAsync(system, TimeSpan.FromSeconds(60));
        var cluster = AioClusterExt.Get(system);
        Console.WriteLine($"up {host}:{port} {cluster.Disks[0].Id}");
        using var begun = new CountdownEvent(writers);
        for (var i = 0; i < writers; i++)
        {
            var number = i;
            system.ActorOf(Props.Create(() => new Writer(cluster, data, number, blocking, begun)), $"writer-{i}");
        }

        begun.Wait();
        Console.WriteLine("writing");
        await system.WhenTerminated;
        Console.WriteLine("ended");
        return 0;
    }

    // What the cluster thinks of the others.
    private sealed class Unreachables : ReceiveActor
    {
        public Unreachables()
        {
            Receive<ClusterEvent.UnreachableMember>(gone => Console.WriteLine($"unreachable {gone.Member.Address}"));
            Receive<ClusterEvent.CurrentClusterState>(_ => { });
            Akka.Cluster.Cluster.Get(Context.System).Subscribe(Self, typeof(ClusterEvent.UnreachableMember));
        }
    }
}
