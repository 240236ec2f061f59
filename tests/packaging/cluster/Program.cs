using System.Text;
using Akka.Actor;
using Akka.Configuration;
using AkkaAio.Cluster;

// A cluster of one node with one disk: a log is appended to and read back.
var folder = Directory.CreateTempSubdirectory("akka-aio-packaging-").FullName;
try
{
    var config = ConfigurationFactory.ParseString($$"""
        akka.loglevel = WARNING
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        akka.cluster.downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
        akka.cluster.sharding { state-store-mode = ddata, distributed-data.durable.keys = [] }
        akka.io.aio.cluster.directories = ["{{folder}}"]
        """);
    var system = ActorSystem.Create("packaging", AioClusterSetup.For(config));
    var node = Akka.Cluster.Cluster.Get(system);
    await node.JoinAsync(node.SelfAddress);
    var cluster = system.AioCluster();
    var log = await cluster.OpenAsync(
        $"{cluster.GetDisks()[0].Id}/log", new() { Mode = FileMode.OpenOrCreate, Kind = AioClusterFileKind.Log });
    await log.AppendAsync("disk"u8.ToArray());
    await foreach (var record in log.ReadLogAsync())
    {
        Console.WriteLine(Encoding.UTF8.GetString(record.Payload.Span));
    }

    await system.Terminate();
}
finally
{
    Directory.Delete(folder, recursive: true);
}
