using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using AkkaAio.Cluster.Names;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// The role by which a member says that it has a disk: <c>disk-&lt;id&gt;</c> for a folder of its own,
/// <c>shared-&lt;id&gt;-&lt;shards&gt;</c> for one that several nodes share.
/// </summary>
/// <param name="DiskId">The disk.</param>
/// <param name="Shards">How many shards its files are spread over; 0: the disk is one shard, and has one node.</param>
internal readonly record struct DiskRole(string DiskId, int Shards)
{
    private const string Local = "disk-";
    private const string Shared = "shared-";

    public static DiskRole? TryParse(string role)
    {
        if (role.StartsWith(Local, StringComparison.Ordinal) && FileAddress.IsDiskId(role.AsSpan(Local.Length)))
        {
            return new DiskRole(role[Local.Length..], 0);
        }

        const int End = 7 + FileAddress.DiskIdLength; // of the id
        return role.StartsWith(Shared, StringComparison.Ordinal) && role.Length > End + 1 && role[End] == '-' &&
               FileAddress.IsDiskId(role.AsSpan(Shared.Length, FileAddress.DiskIdLength)) &&
               int.TryParse(role.AsSpan(End + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var shards) && shards > 0
            ? new DiskRole(role[Shared.Length..End], shards)
            : null;
    }

    /// <summary>The members that say that they have a disk and are up.</summary>
    public static IEnumerable<(Address Node, DiskRole Role)> Of(ClusterEvent.CurrentClusterState state) =>
        from member in state.Members
        where member.Status == MemberStatus.Up
        from text in member.Roles
        let role = TryParse(text)
        where role is not null
        select (member.Address, role.Value);

    /// <summary>The nodes that are up and have a disk.</summary>
    public static IReadOnlyList<Address> NodesOf(ClusterEvent.CurrentClusterState state, string diskId, out bool isShared)
    {
        var having = Of(state).Where(has => has.Role.DiskId == diskId).ToArray();
        isShared = having.Length > 0 && having[0].Role.Shards > 0;
        return [.. having.Select(has => has.Node)];
    }

    public override string ToString() =>
        Shards == 0 ? $"{Local}{DiskId}" : string.Create(CultureInfo.InvariantCulture, $"{Shared}{DiskId}-{Shards}");
}
