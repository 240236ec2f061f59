using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Folders;

/// <summary>Names of files: what they name, and changes of them that are on stable storage when the call returns. All block.</summary>
internal interface IFileNames
{
    /// <summary>statx(2) of a path, links followed.</summary>
    /// <returns>Null: nothing has that name.</returns>
    /// <exception cref="AioSystemException">Any other error than ENOENT: EACCES, ENOTDIR …</exception>
    NamedFile? Find(string path);

    /// <summary>The names of the files directly in a folder, in no order.</summary>
    /// <exception cref="IOException">There is no such folder, or it cannot be read.</exception>
    string[] List(string folder);

    /// <summary>Makes a folder and those above it, where they are missing. Their names are not durable by that.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    void MakeFolder(string path);

    /// <summary>unlink(2), and fsync(2) of the folder.</summary>
    /// <param name="path">The file; with <paramref name="below"/> its name there.</param>
    /// <param name="below">The folder that the path starts at; null: it is any path.</param>
    /// <exception cref="AioSystemException">Operation <c>fsync</c>: it is done, and may be undone by a crash. Any other: nothing has
    /// changed.</exception>
    void Delete(string path, Folder? below);

    /// <summary>rename(2), and fsync(2) of both folders.</summary>
    /// <inheritdoc cref="Delete"/>
    void Rename(string path, string newPath, bool replace, Folder? below);

    /// <summary>fsync(2) of a folder: the names directly in it are durable.</summary>
    void SyncFolder(string path, Folder? below);
}

/// <summary>What a name names.</summary>
/// <param name="Identity">Which file.</param>
/// <param name="Length">Its length in bytes.</param>
internal readonly record struct NamedFile(FileIdentity Identity, long Length);
