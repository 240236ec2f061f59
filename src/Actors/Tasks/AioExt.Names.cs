using Akka.Actor;

namespace AkkaAio;

// Names in folders, for tasks.
public sealed partial class AioExt
{
    /// <summary>Removes a file's name, durably, as <see cref="Aio.Delete"/>.</summary>
    /// <param name="path">Absolute, or relative to the process's working folder.</param>
    /// <param name="cancellationToken">Ends the wait; the file may be deleted all the same.</param>
    /// <exception cref="AioSystemException">ENOENT …</exception>
    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) =>
        DoAsync(new Aio.Delete(path), cancellationToken);

    /// <summary>Gives a file another name, atomically and durably, as <see cref="Aio.Rename"/>.</summary>
    /// <param name="path">The name that it has.</param>
    /// <param name="newPath">The name that it gets, on the same file system.</param>
    /// <param name="replace">Whether a file that has the new name is replaced; otherwise the call fails with EEXIST.</param>
    /// <param name="cancellationToken">Ends the wait; the file may be renamed all the same.</param>
    /// <exception cref="AioSystemException">ENOENT, EEXIST, EXDEV …</exception>
    public Task RenameAsync(string path, string newPath, bool replace = true, CancellationToken cancellationToken = default) =>
        DoAsync(new Aio.Rename(path, newPath) { Replace = replace }, cancellationToken);

    /// <summary>Makes the names in a folder durable, those of new files too, as <see cref="Aio.SyncFolder"/>.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="AioSystemException">ENOENT, EIO …</exception>
    public Task SyncFolderAsync(string path, CancellationToken cancellationToken = default) =>
        DoAsync(new Aio.SyncFolder(path), cancellationToken);

    private async Task DoAsync(Aio.NameCommand command, CancellationToken cancellationToken)
    {
        var reply = await Ref.Ask<Aio.Event>(command, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        if (reply is Aio.CommandFailed failed)
        {
            throw failed.Cause;
        }
    }
}
