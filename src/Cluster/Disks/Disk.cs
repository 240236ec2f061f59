using AkkaAio.Cluster.Names;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// A folder that holds files of the cluster, in use by this process alone:
/// <code>
/// akkaaio.lock   held by an OFD lock while the process has the disk
/// akkaaio.disk   the cookie: id, epoch
/// files/         the files, by their names
/// tmp/           files that are being made; emptied at the start
/// </code>
/// Its methods block.
/// </summary>
internal sealed class Disk : IDisposable
{
    private const string LockName = "akkaaio.lock";
    private const string FilesName = "files";
    private const string TempName = "tmp";
    private const string LostAndFound = "lost+found";

    private readonly LinuxFile _lock;
    private readonly Folder _temp;
    private uint _opens;

    private Disk(string path, LinuxFile @lock, DiskCookie cookie, Folder files, Folder temp)
    {
        Path = path;
        Id = cookie.Id;
        Epoch = cookie.Epoch;
        Files = files;
        _lock = @lock;
        _temp = temp;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    public string Id { get; }

    /// <summary>The role of the node that has the disk.</summary>
    public string Role => RoleOf(Id);

    /// <summary>Of this start: higher than that of every start before, and on stable storage.</summary>
    public uint Epoch { get; }

    /// <summary>The folder that names are looked up in.</summary>
    public Folder Files { get; }

    public static string RoleOf(string diskId) => $"disk-{diskId}";

    /// <summary>Takes a folder into use: locks it, makes it a disk if it is empty, and raises its epoch durably.</summary>
    /// <exception cref="AioClusterException">It is in use, is no disk, or cannot be one; says what to do.</exception>
    public static Disk Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        LinuxFile? held = null;
        Folder? files = null;
        try
        {
            using var folder = Folder.Open(full);
            held = Lock(full);
            var cookie = ReadCookie(folder, full);
            cookie = cookie with { Epoch = checked(cookie.Epoch + 1) };
            Directory.CreateDirectory(System.IO.Path.Combine(full, FilesName));
            var temp = System.IO.Path.Combine(full, TempName);
            if (Directory.Exists(temp))
            {
                Directory.Delete(temp, recursive: true);
            }

            Directory.CreateDirectory(temp);
            WriteCookie(folder, full, cookie);
            files = folder.OpenFolder(FilesName);
            CheckAttributes(files, full);
            return new Disk(full, held, cookie, files, folder.OpenFolder(TempName));
        }
        catch (Exception e) when (e is not AioClusterException)
        {
            files?.Dispose();
            held?.Dispose();
            throw new AioClusterException($"the folder {full} cannot be used as a disk: {e.Message}", e);
        }
        catch
        {
            files?.Dispose();
            held?.Dispose();
            throw;
        }
    }

    /// <summary>The epoch of the next open of a file: rises with each, over all starts.</summary>
    public ulong NextEpoch() => ((ulong)Epoch << 32) | Interlocked.Increment(ref _opens);

    /// <summary>What is kept with a file; null: there is no file of that name.</summary>
    /// <exception cref="AioException">It is no regular file with one name, or cannot be looked at.</exception>
    public FileFacts? Look(string name)
    {
        try
        {
            using var file = LinuxFile.Open(name, new IoFileOptions(FileMode.Open, FileAccess.ReadWrite, DirectIo.Off) { Below = Files });
            return FileFacts.Of(file) is { } facts ? facts : FileFacts.GiveTo(file, Wire.Kind.Plain); // put there by hand
        }
        catch (AioSystemException e) when (e.Errno is Errno.ENOENT)
        {
            return null;
        }
    }

    /// <summary>Makes an empty file, durably: it is there whole or not at all.</summary>
    /// <exception cref="AioSystemException">EEXIST …</exception>
    public FileFacts Create(string name, Wire.Kind kind)
    {
        var temporary = Guid.NewGuid().ToString("N");
        try
        {
            FileFacts facts;
            using (var file = LinuxFile.Open(temporary, new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, DirectIo.Off) { Below = _temp }))
            {
                facts = FileFacts.GiveTo(file, kind);
                file.FullSync();
            }

            Files.MakeFolders(name);
            _temp.Rename(temporary, Files, name, replace: false);
            return facts;
        }
        catch
        {
            TryDeleteTemporary(temporary);
            throw;
        }
    }

    public void Delete(string name) => Files.Delete(name);

    /// <summary>What was made or removed beside a name is durable.</summary>
    public void SyncFolderOf(string name)
    {
        try
        {
            Files.SyncParentOf(name);
        }
        catch (AioSystemException e) when (e.Errno is Errno.ENOENT)
        {
            // No folder: there never was a file.
        }
    }

    /// <summary>Every file below a prefix, by ordinal order of the names.</summary>
    public string[] List(string prefix)
    {
        var names = new List<string>();
        Walk(Files, "", prefix, names);
        names.Sort(StringComparer.Ordinal);
        return [.. names];
    }

    /// <summary>Bytes that are free, and bytes in all.</summary>
    public (long Free, long Size) Space()
    {
        var drive = new DriveInfo(Path);
        return (drive.AvailableFreeSpace, drive.TotalSize);
    }

    public void Dispose()
    {
        Files.Dispose();
        _temp.Dispose();
        _lock.Dispose(); // last: from then on another process may have it
    }

    private static void Walk(Folder folder, string path, string prefix, List<string> names)
    {
        foreach (var (entry, status) in folder.List())
        {
            var name = path.Length == 0 ? entry : $"{path}/{entry}";
            if (status.Kind == PathKind.File)
            {
                if (name.StartsWith(prefix, StringComparison.Ordinal) && FileAddress.WhyNotName(name) is null)
                {
                    names.Add(name);
                }
            }
            else if (status.Kind == PathKind.Folder &&
                     (name.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith($"{name}/", StringComparison.Ordinal)))
            {
                try
                {
                    using var below = folder.OpenFolder(entry);
                    Walk(below, name, prefix, names);
                }
                catch (AioSystemException e) when (e.Errno is Errno.ENOENT or Errno.EXDEV or Errno.EACCES)
                {
                    // Removed since, or a mount, or not ours: none of its files could be opened either.
                }
            }
        }
    }

    private static LinuxFile Lock(string path)
    {
        try
        {
            return LinuxFile.Open(
                System.IO.Path.Combine(path, LockName),
                new IoFileOptions(FileMode.OpenOrCreate, FileAccess.ReadWrite, DirectIo.Off) { Lock = FileLockMode.Exclusive });
        }
        catch (AioSystemException e) when (e.Errno is Errno.EAGAIN or Errno.EACCES && e.Operation?.StartsWith("fcntl", StringComparison.Ordinal) == true)
        {
            throw new AioClusterException(
                $"the folder {path} is in use by another node: one process may have it. Stop that one, or give this one a folder of its own", e);
        }
    }

    private static DiskCookie ReadCookie(Folder folder, string path)
    {
        var file = System.IO.Path.Combine(path, DiskCookie.FileName);
        if (File.Exists(file))
        {
            return DiskCookie.Parse(File.ReadAllBytes(file), file);
        }

        var other = folder.List().Select(entry => entry.Name).FirstOrDefault(name => name is not (LockName or LostAndFound or FilesName or TempName) &&
            !name.StartsWith(DiskCookie.FileName, StringComparison.Ordinal));
        return other is null && !(Directory.Exists(System.IO.Path.Combine(path, FilesName)) && Directory.EnumerateFileSystemEntries(System.IO.Path.Combine(path, FilesName)).Any())
            ? DiskCookie.New()
            : throw new AioClusterException(
                $"the folder {path} has no {DiskCookie.FileName} and is not empty (there is \"{other ?? FilesName}\"): it is no disk. Give an empty folder, or restore the cookie");
    }

    private static void WriteCookie(Folder folder, string path, DiskCookie cookie)
    {
        const string NewName = DiskCookie.FileName + ".new";
        using (var file = LinuxFile.Open(
                   System.IO.Path.Combine(path, NewName), new IoFileOptions(FileMode.Create, FileAccess.ReadWrite, DirectIo.Off)))
        {
            var bytes = cookie.ToBytes();
            for (var written = 0; written < bytes.Length;)
            {
                written += file.Write(bytes.AsSpan(written), written, dataSync: false);
            }

            file.FullSync();
        }

        folder.Rename(NewName, DiskCookie.FileName);
        folder.Sync(); // the other folders' names too
    }

    private static void CheckAttributes(Folder files, string path)
    {
        const string Probe = "user.akkaaio.probe";
        using var handle = files.OpenHandle();
        var errno = ExtendedAttributes.Set(handle, Probe, [1]);
        if (errno != Errno.None)
        {
            throw new AioClusterException(
                $"the file system of {path} keeps no extended attributes ({errno.Name()}), where a file's kind and id are kept: use ext4, XFS or btrfs");
        }

        _ = ExtendedAttributes.Remove(handle, Probe);
    }

    private void TryDeleteTemporary(string name)
    {
        try
        {
            _temp.Delete(name);
        }
        catch (AioSystemException)
        {
            // Renamed, or never made. What stays in tmp is removed at the next start.
        }
    }
}
