using Akka.Actor;
using AkkaAio.Cluster.Names;
using AkkaAio.Cluster.Paths;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// A folder that holds files of the cluster:
/// <code>
/// akkaaio.lock   held by an OFD lock while a process has the folder
/// akkaaio.disk   the cookie: what the folder is
/// files/         the files, by their names
/// tmp/           files that are being made
/// leases/        storage = shared: a lease for each shard
/// </code>
/// Its methods block, but for <see cref="TryHold"/>.
/// </summary>
internal abstract class Disk : IDisposable
{
    protected const string FilesName = "files";
    protected const string TempName = "tmp";

    private readonly LinuxFile _lock;
    private readonly Folder _temp;

    /// <param name="folder">The folder, open; it stays its caller's.</param>
    /// <param name="role">The role of a node that has it.</param>
    /// <param name="lock">Its lock, which is the disk's from now on.</param>
    protected Disk(Folder folder, DiskRole role, LinuxFile @lock)
    {
        Path = folder.Path;
        Role = role;
        Files = folder.OpenFolder(FilesName);
        _temp = folder.OpenFolder(TempName);
        _lock = @lock;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    public string Id => Role.DiskId;

    /// <summary>The role of a node that has the disk.</summary>
    public DiskRole Role { get; }

    /// <summary>How often a local disk has been started; 0 of a shared one.</summary>
    public virtual uint Epoch => 0;

    /// <summary>The lock that an open file of it has, from before its first write until it is closed.</summary>
    public virtual FileLockMode FileLock => FileLockMode.Exclusive;

    /// <summary>The folder that names are looked up in.</summary>
    public Folder Files { get; }

    /// <summary>Any thread: the right to open a file. Null: this node has not the lease of the file's shard, or no more.</summary>
    /// <param name="name">The file.</param>
    /// <param name="owner">Told <see cref="Owner.LeaseLost"/> when the lease is lost.</param>
    public abstract FileHold? TryHold(string name, IActorRef owner);

    /// <summary>What is kept with a file; null: there is no file of that name.</summary>
    /// <exception cref="AioException">It is no regular file with one name, or cannot be looked at.</exception>
    public FileFacts? Look(string name)
    {
        try
        {
            using var file = LinuxFile.Open(name, new IoFileOptions(FileMode.Open, FileAccess.ReadWrite, DirectIo.Off) { Below = Files });
            return FileFacts.Of(file) is { } facts ? facts : FileFacts.GiveTo(file, Wire.Kind.Plain, Guid.NewGuid()); // put there by hand
        }
        catch (AioSystemException e) when (e.Errno is Errno.ENOENT)
        {
            return null;
        }
    }

    /// <summary>Makes an empty file, durably: it is there whole or not at all.</summary>
    /// <exception cref="AioSystemException">EEXIST …</exception>
    public FileFacts Create(string name, Wire.Kind kind, Guid id)
    {
        var temporary = Guid.NewGuid().ToString("N");
        try
        {
            FileFacts facts;
            using (var file = LinuxFile.Open(
                temporary,
                new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, DirectIo.Off) { Below = _temp, Lock = FileLockMode.Exclusive }))
            {
                facts = FileFacts.GiveTo(file, kind, id);
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

    public virtual void Dispose()
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

    /// <summary>Removes what nobody is making any more: a file that is being made is locked.</summary>
    protected void EmptyTemp()
    {
        foreach (var name in _temp.List().Where(entry => entry.Status.Kind == PathKind.File).Select(entry => entry.Name).ToArray())
        {
            try
            {
                using var file = LinuxFile.Open(
                    name,
                    new IoFileOptions(FileMode.Open, FileAccess.ReadWrite, DirectIo.Off) { Below = _temp, Lock = FileLockMode.Exclusive });
                _temp.Delete(name);
            }
            catch (AioSystemException e) when (e.Errno is Errno.EAGAIN or Errno.EACCES or Errno.ENOENT)
            {
                // It is being made by another node, or has been.
            }
        }
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
