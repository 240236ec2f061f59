using System.Text;
using AkkaAio.Cluster.Paths;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Files;

namespace AkkaAio.Demo.Hashing;

/// <summary>A file to hash, or why a path of the walk is none.</summary>
/// <param name="Path">As it is to be printed.</param>
/// <param name="Length">Bytes; for the progress bar.</param>
/// <param name="IsLengthTrue">Whether its file system is known to tell the length that the file has.</param>
/// <param name="Error">A whole line; null for a file.</param>
internal sealed record FoundFile(string Path, long Length, bool IsLengthTrue, string? Error = null);

/// <summary>
/// Turns arguments into files. Folders are walked lazily, in the order in which <c>find -type f | LC_ALL=C sort</c> has the full paths.
/// </summary>
internal static class FolderWalk
{
    public static IEnumerable<FoundFile> Walk(IEnumerable<string> arguments) => arguments.SelectMany(WalkArgument);

    private static IEnumerable<FoundFile> WalkArgument(string argument)
    {
        var errno = PathStatus.TryGet(argument, followLink: true, out var status);
        if (LostNames.Is(argument))
        {
            errno = Errno.EILSEQ;
        }

        if (errno != Errno.None)
        {
            return [new FoundFile(argument, 0, false, ErrorOf(argument, errno))];
        }

        return status.Kind == PathKind.Folder
            ? WalkFolder(argument)
            : [new FoundFile(argument, status.Length, IsLengthTrue(status))];
    }

    private static IEnumerable<FoundFile> WalkFolder(string root)
    {
        // A stack and not recursion: iterators within iterators cost their depth for every file.
        var open = new Stack<IEnumerator<Entry>>();
        open.Push(List(root).GetEnumerator());
        while (open.TryPeek(out var entries))
        {
            if (!entries.MoveNext())
            {
                open.Pop();
                continue;
            }

            var entry = entries.Current;
            if (entry.Error is null && entry.Kind == PathKind.Folder)
            {
                open.Push(List(entry.Path).GetEnumerator());
            }
            else if (entry.Error is not null || entry.Kind == PathKind.File)
            {
                yield return new FoundFile(entry.Path, entry.Length, entry.IsLengthTrue, entry.Error);
            }
        }
    }

    private static List<Entry> List(string folder)
    {
        var prefix = folder.EndsWith('/') ? folder : folder + '/';
        try
        {
            // The real path, because the BCL would cut "link/.." as a text.
            var errno = RealPath.TryGet(folder, out var real);
            if (errno != Errno.None)
            {
                return [new Entry(folder, PathKind.Other, 0, false, [], ErrorOf(folder, errno))];
            }

            var lost = new HashSet<string>();
            List<Entry> entries =
            [
                .. Directory.EnumerateFileSystemEntries(real)
                    .Select(path => EntryOf(prefix, path))
                    .Select(entry => LostNames.MayBe(entry.Path) && !lost.Add(entry.Path) ? AsLost(entry) : entry),
            ];
            entries.Sort((a, b) => a.SortKey.AsSpan().SequenceCompareTo(b.SortKey));
            return entries;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [new Entry(folder, PathKind.Other, 0, false, [], Complaint.Describe(folder, e))];
        }
    }

    private static Entry EntryOf(string prefix, string path)
    {
        var name = Path.GetFileName(path);
        path = prefix + name;
        var errno = PathStatus.TryGet(path, followLink: false, out var status);

        // In full paths a folder's name is followed by a slash: "a.txt" comes before "a/b".
        var key = status.Kind == PathKind.Folder && errno == Errno.None ? name + '/' : name;
        return new Entry(
            path, status.Kind, status.Length, IsLengthTrue(status), Encoding.UTF8.GetBytes(key),
            errno == Errno.None ? null : ErrorOf(path, errno));
    }

    private static string ErrorOf(string path, Errno errno) =>
        LostNames.MayBe(path) || errno == Errno.EILSEQ ? LostNames.Describe(path)
        : path == "-" ? "-: standard input is not read; name a file"
        : Complaint.Describe(path, errno);

    // Two names of one folder that are one text: one of them is not UTF-8, and only the other can be opened.
    private static Entry AsLost(Entry entry) => entry with { Kind = PathKind.Other, Error = LostNames.Describe(entry.Path) };

    // A file system on a disk knows how long its files are. One that has no disk may have files that are made as they are read (FUSE).
    private static bool IsLengthTrue(PathStatus status) => status.Kind == PathKind.BlockDevice || status.Device >> 32 != 0;

    private sealed record Entry(string Path, PathKind Kind, long Length, bool IsLengthTrue, byte[] SortKey, string? Error);
}
