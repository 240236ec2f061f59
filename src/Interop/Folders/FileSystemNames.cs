using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Folders;

/// <summary>The names of the file systems of this machine.</summary>
internal sealed class FileSystemNames : IFileNames
{
    public static FileSystemNames Instance { get; } = new();

    public NamedFile? Find(string path)
    {
        if (!SyscallTable.IsSupported)
        {
            return PortableFile.Find(path);
        }

        using var place = FileSyscalls.TryOpen(path, FileSyscalls.OPath, out var errno);
        if (place is null)
        {
            return errno == Errno.ENOENT ? null : throw new AioSystemException(errno, "open", path);
        }

        errno = FileSyscalls.Statx((int)place.DangerousGetHandle(), out var stat);
        return errno == Errno.None ? new NamedFile(stat.Identity, stat.Size) : throw new AioSystemException(errno, "statx", path);
    }

    public string[] List(string folder) => [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)!)];

    public void MakeFolder(string path) => Directory.CreateDirectory(path);

    public void Delete(string path, Folder? below)
    {
        if (below is not null)
        {
            below.Delete(path);
        }
        else if (SyscallTable.IsSupported)
        {
            var (parent, name) = Split(path, "unlink");
            using var folder = Folder.Open(parent);
            folder.Delete(name);
        }
        else
        {
            PortablePath.Delete(path);
        }
    }

    public void Rename(string path, string newPath, bool replace, Folder? below)
    {
        if (below is not null)
        {
            below.Rename(path, newPath, replace);
        }
        else if (SyscallTable.IsSupported)
        {
            var (parent, name) = Split(path, "rename");
            var (newParent, newName) = Split(newPath, "rename");
            using var folder = Folder.Open(parent);
            using var newFolder = Folder.Open(newParent);
            folder.Rename(name, newFolder, newName, replace);
        }
        else
        {
            PortablePath.Rename(path, newPath, replace);
        }
    }

    public void SyncFolder(string path, Folder? below)
    {
        if (SyscallTable.IsSupported) // elsewhere there is no call for it
        {
            using var folder = below?.OpenFolder(path) ?? Folder.Open(path);
            folder.Sync();
        }
    }

    private static (string Folder, string Name) Split(string path, string operation)
    {
        var full = Path.GetFullPath(path);
        return Path.GetFileName(full) is { Length: > 0 } name && !path.EndsWith(Path.DirectorySeparatorChar)
            ? (Path.GetDirectoryName(full)!, name)
            : throw new AioArgumentException("is the name of a folder", operation, path);
    }
}
