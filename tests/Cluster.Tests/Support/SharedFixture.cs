namespace AkkaAio.Cluster.Tests;

/// <summary>Nodes of one cluster in this process that have one folder, each with descriptors and locks of its own.</summary>
public sealed class SharedFixture : ClusterFixture
{
    public const int Shards = 12;

    protected override string Hocon => SharedHocon;

    public static string SharedHocon => $$"""
        akka.io.aio.cluster {
          storage = shared, single-machine = on, shards = {{Shards}}, lease { retry = 100 ms, heartbeat-interval = 100 ms }
        }
        akka.cluster.sharding { use-lease = akka.io.aio.cluster.lease, rebalance-interval = 1s }
        """;

    public override string FolderOf(int node) => base.FolderOf(0);
}
