using System.Globalization;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// Which file systems storage = shared can be on: those whose locks hold between all nodes. A process cannot find that out by trying, so it
/// goes by the file system's type and mount options.
/// </summary>
internal static class SharedFileSystem
{
    // proc(5): the mount's id in fdinfo, and the mounts.
    private const string MountInfo = "/proc/self/mountinfo";
    private const string MountId = "mnt_id:";

    /// <summary>Why the folder cannot be shared; null: it can.</summary>
    public static string? WhyNot(Folder folder, bool singleMachine)
    {
        using var handle = folder.OpenHandle();
        var id = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{handle.DangerousGetHandle()}"))
            .First(line => line.StartsWith(MountId, StringComparison.Ordinal))[MountId.Length..].Trim();
        var mount = File.ReadLines(MountInfo).FirstOrDefault(line => line.StartsWith($"{id} ", StringComparison.Ordinal));
        return mount is null
            ? $"the folder {folder.Path} is on a mount that {MountInfo} does not list: its file system is not known"
            : WhyNot(folder.Path, mount, singleMachine);
    }

    /// <summary>The same, of a line of mountinfo: <c>id parent dev root mountpoint options … - type source options</c>.</summary>
    internal static string? WhyNot(string path, string mount, bool singleMachine)
    {
        var separator = mount.IndexOf(" - ", StringComparison.Ordinal);
        if (separator < 0 || mount[(separator + 3)..].Split(' ') is not [var type, _, var options])
        {
            return $"the folder {path} is on a mount that {MountInfo} describes as \"{mount}\": its file system is not known";
        }

        string[] set = [.. mount[..separator].Split(' ').ElementAtOrDefault(5)?.Split(',') ?? [], .. options.Split(',')];
        return type switch
        {
            "nfs4" when Find(set, IsLocalLock) is { } local =>
                $"the folder {path} is on nfs4 mounted with {local}: its locks hold on one machine alone, " +
                "and a file could have two writers. Mount it without",
            "gfs2" or "ocfs2" when Find(set, option => option is "localflocks" or "lockproto=lock_nolock") is { } local =>
                $"the folder {path} is on {type} mounted with {local}: its locks hold on one machine alone, " +
                "and a file could have two writers. Mount it without",
            "nfs4" or "ceph" or "gfs2" or "ocfs2" => null,
            "ext4" or "xfs" or "btrfs" when singleMachine => null,
            "ext4" or "xfs" or "btrfs" =>
                $"the folder {path} is on {type}, which one machine has mounted: nodes of other machines would not see its files. " +
                $"Use nfs4, ceph, gfs2 or ocfs2; where all nodes run on this machine, set {AioClusterSettings.Path}.single-machine = on",
            _ => $"the folder {path} is on {type}, whose locks are not known to hold between all nodes. Use nfs4, ceph, gfs2 or ocfs2",
        };
    }

    private static bool IsLocalLock(string option) =>
        option == "nolock" || (option.StartsWith("local_lock=", StringComparison.Ordinal) && option != "local_lock=none");

    private static string? Find(string[] options, Func<string, bool> isLocal) => Array.Find(options, option => isLocal(option));
}
