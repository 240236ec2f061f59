using AkkaAio.Interop.Folders;

namespace AkkaAio.TestKit;

/// <summary>The names of the in-memory engine: paths without folders.</summary>
internal sealed class MemoryNames(MemoryEngine engine) : IFileNames
{
    public void Delete(string path, Folder? below)
    {
        engine.Rename("unlink", path, null, replace: false);
        engine.CheckFileCall("fsync", path);
    }

    public void Rename(string path, string newPath, bool replace, Folder? below)
    {
        engine.Rename("rename", path, newPath, replace);
        engine.CheckFileCall("fsync", newPath);
    }

    public void SyncFolder(string path, Folder? below) => engine.CheckFileCall("fsync", path);
}
