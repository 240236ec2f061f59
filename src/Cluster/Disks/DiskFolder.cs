using AkkaAio.Cluster.Paths;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Cluster.Disks;

/// <summary>What the openings of local and shared disks have in common. All of it blocks.</summary>
internal static class DiskFolder
{
    private const string LockName = "akkaaio.lock";
    private const string LostAndFound = "lost+found";

    /// <summary>Locks a folder.</summary>
    /// <returns>Null: another process has it in a way that does not go with this one.</returns>
    public static LinuxFile? TryLock(Folder folder, FileLockMode mode)
    {
        try
        {
            return LinuxFile.Open(
                LockName, new IoFileOptions(FileMode.OpenOrCreate, FileAccess.ReadWrite, DirectIo.Off) { Lock = mode, Below = folder });
        }
        catch (AioSystemException e)
            when (e.Errno is Errno.EAGAIN or Errno.EACCES && e.Operation?.StartsWith("fcntl", StringComparison.Ordinal) == true)
        {
            return null;
        }
    }

    /// <summary>The bytes of the folder's cookie; null: it has none.</summary>
    public static byte[]? ReadCookie(Folder folder)
    {
        var path = PathOfCookie(folder);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    public static string PathOfCookie(Folder folder) => Path.Combine(folder.Path, DiskCookie.FileName);

    /// <summary>A folder without a cookie becomes a disk only if there is nothing in it but what an earlier attempt has left.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="ours">Names that an attempt makes.</param>
    /// <exception cref="AioClusterException">There is something else.</exception>
    public static void CheckEmpty(Folder folder, params string[] ours)
    {
        var other = folder.List().Select(entry => entry.Name).FirstOrDefault(name => name is not (LockName or LostAndFound) &&
            !ours.Contains(name) && !name.StartsWith(DiskCookie.FileName, StringComparison.Ordinal));
        other ??= ours.FirstOrDefault(name => name == "files" && HasEntries(folder, name));
        if (other is not null)
        {
            throw new AioClusterException(
                $"the folder {folder.Path} has no {DiskCookie.FileName} and is not empty (there is \"{other}\"): it is no disk. " +
                "Give an empty folder, or restore the cookie");
        }
    }

    /// <summary>Replaces the cookie, durably, with all names in the folder.</summary>
    public static void WriteCookie(Folder folder, ReadOnlySpan<byte> bytes)
    {
        const string NewName = DiskCookie.FileName + ".new";
        using (var file = LinuxFile.Open(
            NewName, new IoFileOptions(FileMode.Create, FileAccess.ReadWrite, DirectIo.Off) { Below = folder }))
        {
            for (var written = 0; written < bytes.Length;)
            {
                written += file.Write(bytes[written..], written, dataSync: false);
            }

            file.FullSync();
        }

        folder.Rename(NewName, DiskCookie.FileName);
        folder.Sync(); // the other folders' names too
    }

    /// <exception cref="AioClusterException">The file system keeps none.</exception>
    public static void CheckAttributes(Folder folder)
    {
        const string Probe = "user.akkaaio.probe";
        using var handle = folder.OpenHandle();
        var errno = ExtendedAttributes.Set(handle, Probe, [1]);
        if (errno != Errno.None)
        {
            throw new AioClusterException(
                $"the file system of {folder.Path} keeps no extended attributes ({errno.Name()}), where a file's kind and id are kept: " +
                "use ext4, XFS or btrfs");
        }

        _ = ExtendedAttributes.Remove(handle, Probe);
    }

    private static bool HasEntries(Folder folder, string name)
    {
        try
        {
            using var below = folder.OpenFolder(name);
            return below.List().Any();
        }
        catch (AioSystemException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
    }
}
