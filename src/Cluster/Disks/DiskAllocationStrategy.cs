using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// A shard lives where its disk is. That of a local disk is allocated to the one node that has its role, and is never moved. Those of a
/// shared disk are spread evenly over the nodes that have it. While there is no such node, nothing is allocated: the region keeps the
/// messages and asks again.
/// </summary>
internal sealed class DiskAllocationStrategy : IShardAllocationStrategy
{
    // As Akka advises: a rebalance moves a tenth of the shards at most, and no more than ten of them.
    private const int MostMoved = 10;
    private const double MostMovedPart = 0.1;

    private readonly Akka.Cluster.Cluster _cluster;
    private readonly IShardAllocationStrategy _least = ShardAllocationStrategy.LeastShardAllocationStrategy(MostMoved, MostMovedPart);

    public DiskAllocationStrategy(ActorSystem system)
    {
        _cluster = Akka.Cluster.Cluster.Get(system);
        ((IActorSystemDependentAllocationStrategy)_least).Start(system);
    }

    public Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        var shared = DiskShards.TryParseShared(shardId);
        var diskId = shared?.DiskId ?? shardId;
        var nodes = DiskRole.NodesOf(_cluster.State, diskId, out _);
        var regions = RegionsOn(nodes, currentShardAllocations);
        if (shared is not null && regions.Count > 0)
        {
            return _least.AllocateShard(requester, shardId, regions);
        }

        return shared is null && nodes.Count == 1 && regions.Count == 1
            ? Task.FromResult(regions.Keys.First())
            : Task.FromException<IActorRef>(new AioClusterException(
                WhyNotOne(diskId, nodes, isShared: shared is not null)
                    ?? $"the node {nodes[0]} has the disk {diskId}, and has not yet started its files"));
    }

    public async Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        var moved = ImmutableHashSet<string>.Empty;
        foreach (var disk in DiskRole.Of(_cluster.State).Where(has => has.Role.Shards > 0).GroupBy(has => has.Role.DiskId, has => has.Node))
        {
            var regions = RegionsOn([.. disk], currentShardAllocations).ToImmutableDictionary(
                region => region.Key, region => (IImmutableList<string>)[.. region.Value.Where(shard => IsOf(disk.Key, shard))]);
            moved = moved.Union(
                await _least.Rebalance(regions, [.. rebalanceInProgress.Where(shard => IsOf(disk.Key, shard))]).ConfigureAwait(false));
        }

        return moved;
    }

    /// <summary>Why a disk's files can be nowhere; null: a node has it.</summary>
    public static string? WhyNotOne(string diskId, IReadOnlyList<Address> nodes, bool isShared) => nodes.Count switch
    {
        0 => $"the disk {diskId} is on no node that is up: its files are unavailable until its node is back",
        > 1 when !isShared =>
            $"the disk {diskId} is on {nodes.Count} nodes ({string.Join(", ", nodes)}): it was copied. Stop all but one, " +
            "and make the others' disks anew",
        _ => null,
    };

    private static bool IsOf(string diskId, string shardId) => DiskShards.TryParseShared(shardId)?.DiskId == diskId;

    private ImmutableDictionary<IActorRef, IImmutableList<string>> RegionsOn(
        IReadOnlyList<Address> nodes, IImmutableDictionary<IActorRef, IImmutableList<string>> allocations) =>
        allocations.Where(pair => nodes.Contains(AddressOf(pair.Key))).ToImmutableDictionary();

    private Address AddressOf(IActorRef region) => region.Path.Address.HasLocalScope ? _cluster.SelfAddress : region.Path.Address;
}
