using System.Globalization;
using AkkaAio.Cluster.Names;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// What a folder of <c>storage = shared</c> says of itself, in <c>akkaaio.disk</c>. It is written once: nodes that placed files by another
/// number of shards, or by another hash, would give a file two owners.
/// </summary>
/// <param name="Id">The folder's id, a UUID as 32 hexadecimal digits.</param>
/// <param name="Shards">How many shards its files are spread over.</param>
internal sealed record SharedCookie(string Id, int Shards)
{
    public const string FirstLine = "akkaaio shared folder, format 1";

    private const string Hash = "crc32c";

    public static SharedCookie New(int shards) => new(Guid.NewGuid().ToString("N"), shards);

    public byte[] ToBytes() =>
        CookieText.Write(FirstLine, ("id", Id), ("shards", Shards.ToString(CultureInfo.InvariantCulture)), ("hash", Hash));

    /// <exception cref="AioClusterException">It is none, or of another format, or damaged.</exception>
    public static SharedCookie Parse(ReadOnlySpan<byte> bytes, string path)
    {
        CookieText.CheckFormat(
            bytes, path, FirstLine,
            (DiskCookie.FirstLine,
                "the folder is a disk of storage = local, and this node has storage = shared: set it to local, or give an empty folder"));
        if (CookieText.Read(bytes, "id", "shards", "hash") is not [var id, var shardsText, var hash] || !FileAddress.IsDiskId(id) ||
            !int.TryParse(shardsText, NumberStyles.None, CultureInfo.InvariantCulture, out var shards) || shards < 1)
        {
            throw new AioClusterException(
                $"{path} is damaged. Restore it from a backup: another id or number of shards would make other files of them");
        }

        return hash == Hash
            ? new SharedCookie(id, shards)
            : throw new AioClusterException(
                $"{path} says that files are placed by the hash {hash}, and this version places them by {Hash}: " +
                "files would have two owners");
    }
}
