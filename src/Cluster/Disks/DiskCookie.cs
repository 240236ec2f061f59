using System.Globalization;
using System.Text;
using AkkaAio.Cluster.Logs;
using AkkaAio.Cluster.Names;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// What a disk's folder says of itself, in <c>akkaaio.disk</c>: four lines of text, the last one a CRC-32C of those before it.
/// </summary>
/// <param name="Id">The disk's id, a UUID as 32 hexadecimal digits.</param>
/// <param name="Epoch">How often the disk has been started. It never goes back.</param>
internal sealed record DiskCookie(string Id, uint Epoch)
{
    public const string FileName = "akkaaio.disk";

    private const string FirstLine = "akkaaio disk, format 1";

    public static DiskCookie New() => new(Guid.NewGuid().ToString("N"), 0);

    public byte[] ToBytes()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{FirstLine}\nid {Id}\nepoch {Epoch}\n");
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{text}crc {Crc32C.Of(Encoding.ASCII.GetBytes(text)):x8}\n"));
    }

    /// <exception cref="AioClusterException">It is none, or of another format, or damaged.</exception>
    public static DiskCookie Parse(ReadOnlySpan<byte> bytes, string path)
    {
        var text = Encoding.ASCII.GetString(bytes);
        var lines = text.Split('\n');
        if (lines[0] != FirstLine)
        {
            throw new AioClusterException(
                $"{path} begins with \"{lines[0][..Math.Min(lines[0].Length, 40)]}\", and this version reads \"{FirstLine}\"; " +
                "it was written by another version, or is no disk of AkkaAio's");
        }

        if (lines is [_, var idLine, var epochLine, var crcLine, ""] && text.LastIndexOf("crc ", StringComparison.Ordinal) is var end and > 0 &&
            crcLine == string.Create(CultureInfo.InvariantCulture, $"crc {Crc32C.Of(bytes[..end]):x8}") &&
            idLine.StartsWith("id ", StringComparison.Ordinal) && FileAddress.IsDiskId(idLine.AsSpan(3)) &&
            epochLine.StartsWith("epoch ", StringComparison.Ordinal) &&
            uint.TryParse(epochLine.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
        {
            return new DiskCookie(idLine[3..], epoch);
        }

        throw new AioClusterException(
            $"{path} is damaged. Restore it from a backup: its epoch must not go back. A disk whose files were never written to may be made anew by removing it");
    }
}
