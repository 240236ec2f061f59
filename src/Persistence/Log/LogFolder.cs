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

    /// <summary>
    /// Makes a folder and those above it, where they are missing. All of them are durable then: what is in a folder that a power cut takes
    /// is lost, however durable it was.
    /// </summary>
    /// <exception cref="IOException">One cannot be made.</exception>
    /// <exception cref="AioSystemException">One cannot be made durable.</exception>
    public static async Task MakeAsync(AioExt aio, string path)
    {
        var missing = new Stack<string>();
        var level = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        for (; aio.Names.Find(level) is null && System.IO.Path.GetDirectoryName(level) is { } above; level = above)
        {
            missing.Push(level);
        }

        // From the top down, each name durable before the next folder is made. Of the folders that are there already, only the lowest may
        // have a name that is not durable: the process that made it may have died before its sync.
        await SyncParentAsync(aio, level, isOwn: false).ConfigureAwait(false);
        while (missing.TryPop(out var next))
        {
            aio.Names.MakeFolder(next);
            await SyncParentAsync(aio, next, isOwn: true).ConfigureAwait(false);
        }
    }

    private static async Task SyncParentAsync(AioExt aio, string folder, bool isOwn)
    {
        if (System.IO.Path.GetDirectoryName(folder) is not { } parent)
        {
            return;
        }

        try
        {
            await aio.SyncFolderAsync(parent).ConfigureAwait(false);
        }
        catch (AioSystemException e) when (!isOwn && e.Errno == Errno.EACCES)
        {
            // Another user made the folder, and this process may not open its parent.
        }
    }

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
