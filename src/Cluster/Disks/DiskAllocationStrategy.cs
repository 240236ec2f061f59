using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// A shard is a disk, and lives where the disk is: on the node that has its role. While there is none, nothing is allocated: the region
/// keeps the messages and asks again. Nothing is ever moved.
/// </summary>
internal sealed class DiskAllocationStrategy(Akka.Cluster.Cluster cluster) : IShardAllocationStrategy
{
    public Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        var nodes = NodesOf(cluster.State, shardId);
        var region = nodes.Count == 1
            ? currentShardAllocations.Keys.FirstOrDefault(candidate => AddressOf(candidate).Equals(nodes[0]))
            : null;
        return region is not null
            ? Task.FromResult(region)
            : Task.FromException<IActorRef>(new AioClusterException(
                WhyNotOne(shardId, nodes) ?? $"the node {nodes[0]} has the disk {shardId}, and has not yet started its files"));
    }

    public Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress) =>
        Task.FromResult<IImmutableSet<string>>(ImmutableHashSet<string>.Empty);

    /// <summary>The nodes that say that they have a disk.</summary>
    public static IReadOnlyList<Address> NodesOf(ClusterEvent.CurrentClusterState state, string diskId) =>
        [.. state.Members.Where(member => member.Status == MemberStatus.Up && member.HasRole(Disk.RoleOf(diskId))).Select(member => member.Address)];

    /// <summary>Why a disk's files can be nowhere; null: one node has it.</summary>
    public static string? WhyNotOne(string diskId, IReadOnlyList<Address> nodes) => nodes.Count switch
    {
        0 => $"the disk {diskId} is on no node that is up: its files are unavailable until its node is back",
        1 => null,
        _ => $"the disk {diskId} is on {nodes.Count} nodes ({string.Join(", ", nodes)}): it was copied. Stop all but one, and make the others' disks anew",
    };

    private Address AddressOf(IActorRef region) => region.Path.Address.HasLocalScope ? cluster.SelfAddress : region.Path.Address;
}
