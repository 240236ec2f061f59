using AkkaAio.Interop.Folders;

namespace AkkaAio.TestKit;

/// <summary>The names of the in-memory engine: paths without folders.</summary>
internal sealed class MemoryNames(MemoryEngine engine) : IFileNames
{
    public NamedFile? Find(string path) => engine.Find(MemoryEngine.FullPathOf(path));

    public string[] List(string folder)
    {
        folder = MemoryEngine.FullPathOf(folder);
        return [.. engine.Paths.Where(path => DiskHistory.FolderOf(path) == folder).Select(path => Path.GetFileName(path)!)];
    }

    public void MakeFolder(string path)
    {
    }

    public void Delete(string path, Folder? below) => ChangeName("unlink", path, null, replace: false);

    public void Rename(string path, string newPath, bool replace, Folder? below) => ChangeName("rename", path, newPath, replace);

    public void SyncFolder(string path, Folder? below)
    {
        path = MemoryEngine.FullPathOf(path);
        Sync(path, path);
    }

    private void ChangeName(string call, string path, string? newPath, bool replace)
    {
        path = MemoryEngine.FullPathOf(path);
        newPath = newPath is null ? null : MemoryEngine.FullPathOf(newPath);
        engine.Rename(call, path, newPath, replace);
        Sync(newPath ?? path, DiskHistory.FolderOf(newPath ?? path));
        if (newPath is not null && DiskHistory.FolderOf(path) != DiskHistory.FolderOf(newPath))
        {
            Sync(path, DiskHistory.FolderOf(path));
        }
    }

    // A script sees the file's path, as it always has; the log has the folder's.
    private void Sync(string path, string folder)
    {
        engine.Begin("fsync", DiskOperationKind.SyncFolder, path, logPath: folder).Done();
        engine.History?.FolderSynced(folder);
    }
}
