using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using AkkaAio.Cluster.Logs;
using AkkaAio.Cluster.Names;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// Which shard a file is in. That of a local disk is the disk, <c>&lt;id&gt;</c>; that of a shared one is picked by the name's hash,
/// <c>&lt;id&gt;-&lt;number&gt;</c>. How many a disk has is known from the roles of its nodes.
/// </summary>
/// <param name="find">Asks the members for a disk's role.</param>
internal sealed class DiskShards(Func<string, DiskRole?> find)
{
    private readonly ConcurrentDictionary<string, string[]> _shards = [];

    /// <summary>A disk of this node, whose role is known before it has joined.</summary>
    public void Add(DiskRole role) => _shards[role.DiskId] = NamesOf(role);

    public string ShardOf(string diskId, string name)
    {
        if (!_shards.TryGetValue(diskId, out var shards))
        {
            if (find(diskId) is not { } role)
            {
                return diskId; // no node has it: nothing is allocated
            }

            shards = _shards.GetOrAdd(diskId, static (_, role) => NamesOf(role), role);
        }

        return shards.Length == 1 ? shards[0] : shards[NumberOf(name, shards.Length)];
    }

    /// <summary>The number of a name's shard. It is part of the format: another hash would give a file a second owner.</summary>
    public static int NumberOf(string name, int shards)
    {
        Span<byte> bytes = stackalloc byte[FileAddress.MostBytes];
        var length = Encoding.UTF8.GetBytes(name, bytes);
        return (int)(Crc32C.Of(bytes[..length]) % (uint)shards);
    }

    public static string NameOf(string diskId, int number) => string.Create(CultureInfo.InvariantCulture, $"{diskId}-{number}");

    /// <summary>A shared disk's shard, taken apart; null: it is no such.</summary>
    public static (string DiskId, int Number)? TryParseShared(string shardId) =>
        shardId.Length > FileAddress.DiskIdLength + 1 && shardId[FileAddress.DiskIdLength] == '-' &&
        FileAddress.IsDiskId(shardId.AsSpan(0, FileAddress.DiskIdLength)) &&
        int.TryParse(shardId.AsSpan(FileAddress.DiskIdLength + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (shardId[..FileAddress.DiskIdLength], number)
            : null;

    private static string[] NamesOf(DiskRole role) =>
        role.Shards == 0 ? [role.DiskId] : [.. Enumerable.Range(0, role.Shards).Select(number => NameOf(role.DiskId, number))];
}
