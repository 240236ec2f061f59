using Akka.Cluster.Sharding;
using AkkaAio.Cluster.Disks;
using AkkaAio.Cluster.Names;

namespace AkkaAio.Cluster.Protocol;

/// <summary>
/// Which entity a request is for: its file's address; and which shard: the disk. What is no request, or names no address, goes to an
/// entity of a disk of this node, which refuses it: a sender that is not answered would try again and again.
/// </summary>
internal sealed class FileMessages(string? localDisk, DiskShards shards) : IMessageExtractor
{
    public const string RefusedId = "refused";

    public string EntityId(object message) => message switch
    {
        Wire.Request request when FileAddress.TryParse(request.File, out _) is null => request.File,
        Wire.Request or UnknownMessage when localDisk is not null => $"{localDisk}{RefusedId}",
        _ => null!, // not ours; unhandled
    };

    public object EntityMessage(object message) => message;

    public string ShardId(object message) => message switch
    {
        Wire.Request request when FileAddress.TryParse(request.File, out var address) is null => shards.ShardOf(address.Disk, address.Name),
        Wire.Request or UnknownMessage when localDisk is not null => shards.ShardOf(localDisk, RefusedId),
        _ => null!,
    };

    public string ShardId(string entityId, object? messageHint = null) => shards.ShardOf(
        entityId[..FileAddress.DiskIdLength],
        entityId.Length > FileAddress.DiskIdLength ? entityId[(FileAddress.DiskIdLength + 1)..] : RefusedId);
}
