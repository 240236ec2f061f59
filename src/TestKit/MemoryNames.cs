using AkkaAio.Interop.Folders;

namespace AkkaAio.TestKit;

/// <summary>The names of the in-memory engine: paths without folders.</summary>
internal sealed class MemoryNames(MemoryEngine engine) : IFileNames
{
    public NamedFile? Find(string path) => engine.Find(path);

    public void Delete(string path, Folder? below)
    {
        engine.Rename("unlink", path, null, replace: false);
        Sync(path, FolderOf(path));
    }

    public void Rename(string path, string newPath, bool replace, Folder? below)
    {
        engine.Rename("rename", path, newPath, replace);
        Sync(newPath, FolderOf(newPath));
    }

    public void SyncFolder(string path, Folder? below) => Sync(path, path);

    private void Sync(string path, string folder) => engine.Begin("fsync", DiskOperationKind.SyncFolder, path, logPath: folder).Done();

    private static string FolderOf(string path) => Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".";
}
