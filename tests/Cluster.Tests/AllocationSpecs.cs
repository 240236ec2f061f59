using System.Collections.Immutable;
using Akka.Actor;
using AkkaAio.Cluster.Disks;
using CsCheck;

namespace AkkaAio.Cluster.Tests;

/// <summary>Where the shard of a local disk goes: to the node that has the disk, or nowhere.</summary>
public sealed class AllocationSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Whatever_regions_there_are_a_disk_goes_to_its_node_or_nowhere_and_is_never_moved()
    {
        var system = cluster.Systems[0];
        var strategy = new DiskAllocationStrategy(system);
        var disks = Enumerable.Range(0, 3).Select(cluster.DiskOf).Append(Guid.NewGuid().ToString("N")).ToArray();
        var addresses = cluster.Systems
            .Select(node => Akka.Cluster.Cluster.Get(node).SelfAddress.ToString())
            .Append("akka.tcp://files@127.0.0.1:1").ToArray();
        var regions = addresses.Select((address, node) => node == 0
            ? cluster.Node(0).Region
            : ((ExtendedActorSystem)system).Provider.ResolveActorRef($"{address}/system/sharding/aio-disk")).ToArray();
        await Eventually.IsTrueAsync(
            () => disks[..3].All(disk => DiskRole.NodesOf(cluster.Node(0).Cluster.State, disk, out _).Count == 1),
            "node 0 has heard of all disks");
        await Gen.Select(Gen.Int[0, 15], Gen.Int[0, 3], Gen.Int[0, 3]).SampleAsync(async (present, disk, requester) =>
        {
            var allocations = regions.Where((_, node) => (present & (1 << node)) != 0)
                .ToImmutableDictionary(region => region, region => (IImmutableList<string>)[disks[Array.IndexOf(regions, region)]]);
            if (disk < 3 && (present & (1 << disk)) != 0)
            {
                Assert.Equal(regions[disk], await strategy.AllocateShard(regions[requester], disks[disk], allocations));
            }
            else
            {
                var nowhere = await Assert.ThrowsAsync<AioClusterException>(
                    () => strategy.AllocateShard(regions[requester], disks[disk], allocations));
                Assert.Contains(disks[disk], nowhere.Message, StringComparison.Ordinal);
            }

            Assert.Empty(await strategy.Rebalance(allocations, ImmutableHashSet<string>.Empty));
        }, iter: 200);
    }
}
