using System.Globalization;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Persistence.Log;

/// <summary>
/// The names in a log's folder: <c>0000000001.seg</c>, segments by their number, and <c>spare-0000000001.seg</c>, files of zeros, or of
/// what a dead segment held, that become segments.
/// </summary>
internal sealed class LogFolder(IFileNames names, string path)
{
    private const string Extension = ".seg";
    private const string Spare = "spare-";

    public string Path => path;

    public string PathOf(long segment) => Join("", segment);

    public string PathOfSpare(long spare) => Join(Spare, spare);

    /// <summary>The numbers of the segments, ascending.</summary>
    public long[] Segments() => Numbers("");

    /// <summary>The numbers of the spares, ascending.</summary>
    public long[] Spares() => Numbers(Spare);

    private string Join(string prefix, long number) =>
        System.IO.Path.Combine(path, string.Create(CultureInfo.InvariantCulture, $"{prefix}{number:D10}{Extension}"));

    private long[] Numbers(string prefix) =>
    [
        .. names.List(path)
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal))
            .Select(name => long.TryParse(
                name.AsSpan()[prefix.Length..^Extension.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : 0)
            .Where(number => number > 0)
            .Order(),
    ];
}
