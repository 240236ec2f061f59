using AkkaAio.Cluster.Paths;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Files;

namespace AkkaAio.Demo.Copying;

/// <summary>What is copied where, after a look at both ends.</summary>
/// <param name="Source">What to read.</param>
/// <param name="SourceStatus">What it was like then.</param>
/// <param name="Destination">The name to take in the end: a real path, never a symbolic link.</param>
/// <param name="Folder">Where that name is.</param>
/// <param name="Replaced">The file that has that name now; null: none.</param>
internal sealed record CopyPlan(string Source, PathStatus SourceStatus, string Destination, string Folder, PathStatus? Replaced)
{
    /// <summary>Follows cp: a folder as destination is copied into, and a link is followed.</summary>
    /// <exception cref="DemoException">The two ends do not go together; says why.</exception>
    public static CopyPlan Make(string source, string destination)
    {
        var from = StatusOf(source) ?? throw new DemoException(Complaint.Describe(source, Errno.ENOENT));
        switch (from.Kind)
        {
            case PathKind.Folder:
                throw new DemoException($"{source} is a folder; copy takes one file");
            case PathKind.Other:
                throw new DemoException($"{source} is no regular file or block device");
            default:
                break;
        }

        if (destination.Length == 0)
        {
            throw new UsageException("DST is empty; give the name of a file");
        }

        var to = StatusOf(destination);
        if (to is { Kind: PathKind.Folder })
        {
            destination = Path.Join(destination, Path.GetFileName(Path.TrimEndingDirectorySeparator(source)));
            to = StatusOf(destination);
        }

        destination = FollowLink(destination, to);
        switch (to)
        {
            case { Kind: PathKind.Folder }:
                throw new DemoException($"{destination} is a folder, and {source} is none");
            case { Kind: not PathKind.File }:
                throw new DemoException($"{destination} is no regular file, and copy replaces only those");
            case { } file when (file.Device, file.Inode) == (from.Device, from.Inode):
                throw new DemoException($"{source} and {destination} are the same file");
            case null when destination.EndsWith('/'):
                throw new DemoException($"{destination}: there is no such folder");
            default:
                break;
        }

        var folder = Path.GetDirectoryName(destination) is { Length: > 0 } named ? named : ".";
        var real = RealPathOf(folder);
        return new CopyPlan(source, from, Path.Join(real, Path.GetFileName(destination)), real, to);
    }

    // A rename would replace the link; a link stands for the file behind it.
    private static string FollowLink(string path, PathStatus? target)
    {
        if (PathStatus.TryGet(path, followLink: false, out var link) != Errno.None || link.Kind != PathKind.SymbolicLink)
        {
            return path;
        }

        return target is null
            ? throw new DemoException($"{path} is a symbolic link that leads nowhere")
            : RealPathOf(path);
    }

    private static string RealPathOf(string path) => RealPath.TryGet(path, out var real) switch
    {
        Errno.None => real,
        Errno.EILSEQ => throw new DemoException(
            $"{path}: leads to a name that is not UTF-8, which .NET cannot open; what it would take for that name is another file"),
        var errno => throw new DemoException(Complaint.Describe(path, errno)),
    };

    // Null: not there.
    private static PathStatus? StatusOf(string path) => PathStatus.TryGet(path, followLink: true, out var status) switch
    {
        Errno.None => status,
        Errno.ENOENT => null,
        var errno => throw new DemoException(Complaint.Describe(path, errno)),
    };
}
