using System.Globalization;
using AkkaAio.Cluster.Names;

namespace AkkaAio.Cluster.Disks;

/// <summary>What the folder of a disk (<c>storage = local</c>) says of itself, in <c>akkaaio.disk</c>.</summary>
/// <param name="Id">The disk's id, a UUID as 32 hexadecimal digits.</param>
/// <param name="Epoch">How often the disk has been started. It never goes back.</param>
internal sealed record DiskCookie(string Id, uint Epoch)
{
    public const string FileName = "akkaaio.disk";

    public const string FirstLine = "akkaaio disk, format 1";

    public static DiskCookie New() => new(Guid.NewGuid().ToString("N"), 0);

    public byte[] ToBytes() => CookieText.Write(FirstLine, ("id", Id), ("epoch", Epoch.ToString(CultureInfo.InvariantCulture)));

    /// <exception cref="AioClusterException">It is none, or of another format, or damaged.</exception>
    public static DiskCookie Parse(ReadOnlySpan<byte> bytes, string path)
    {
        CookieText.CheckFormat(
            bytes, path, FirstLine,
            (SharedCookie.FirstLine,
                "the folder is of storage = shared, and this node has storage = local: set it to shared, or give a folder of its own"));
        if (CookieText.Read(bytes, "id", "epoch") is [var id, var epochText] && FileAddress.IsDiskId(id) &&
            uint.TryParse(epochText, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
        {
            return new DiskCookie(id, epoch);
        }

        throw new AioClusterException(
            $"{path} is damaged. Restore it from a backup: its epoch must not go back. " +
            "A disk whose files were never written to may be made anew by removing it");
    }
}
