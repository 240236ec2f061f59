using System.Globalization;

namespace AkkaAio.Persistence.Log;

/// <summary>
/// The files of a log's folder that say whose it is: <c>STORE</c>, a text of three lines, "AkkaAio store", "version 1" and "id UUID"; and
/// <c>LOCK</c>, which the log holds open and locked (flock) for its life.
/// </summary>
internal static class StoreFile
{
    private const string Title = "AkkaAio store";

    /// <summary>Locks the folder, and reads its store id, or gives it one.</summary>
    /// <exception cref="AioLogLockedException">Another process, or another log of this one, has it.</exception>
    /// <exception cref="AioLogVersionException">A later version wrote it.</exception>
    public static async Task<(Guid Id, AioFile Lock)> OpenAsync(AioExt aio, string folder)
    {
        var path = Path.Combine(folder, "STORE");
        var locked = await LockAsync(aio, Path.Combine(folder, "LOCK")).ConfigureAwait(false);
        try
        {
            return (await ReadIdAsync(aio, path).ConfigureAwait(false) ?? await WriteIdAsync(aio, path).ConfigureAwait(false), locked);
        }
        catch
        {
            await locked.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<AioFile> LockAsync(AioExt aio, string path)
    {
        try
        {
            return await aio.OpenAsync(path, new AioOpenOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Direct = DirectIo.Off,
                Share = FileShare.None,
            }).ConfigureAwait(false);
        }
        catch (AioSystemException e) when (e.Errno == Errno.EAGAIN)
        {
            throw new AioLogLockedException(path, e);
        }
    }

    private static async Task<Guid?> ReadIdAsync(AioExt aio, string path)
    {
        AioFile file;
        try
        {
            file = await aio.OpenAsync(path, new AioOpenOptions { Direct = DirectIo.Off }).ConfigureAwait(false);
        }
        catch (AioSystemException e) when (e.Errno == Errno.ENOENT)
        {
            return null;
        }

        await using (file.ConfigureAwait(false))
        {
            using var bytes = await file.RentReadAsync(0, 4096).ConfigureAwait(false);
            var lines = System.Text.Encoding.UTF8.GetString(bytes.GetSpan()).Split('\n');
            if (lines is not [Title, var version, var id, ..] || !version.StartsWith("version ", StringComparison.Ordinal) ||
                !int.TryParse(version.AsSpan("version ".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                throw new AioLogCorruptionException(path, 0, 0, "it is no text of a store's id and version");
            }

            return number != 1 ? throw new AioLogVersionException(path, number, 0)
                : id.StartsWith("id ", StringComparison.Ordinal) && Guid.TryParseExact(id.AsSpan(3), "D", out var store) ? store
                : throw new AioLogCorruptionException(path, 0, 0, $"its id is \"{id}\"");
        }
    }

    // Whole or not there, whenever the power goes.
    private static async Task<Guid> WriteIdAsync(AioExt aio, string path)
    {
        var id = Guid.NewGuid();
        var text = System.Text.Encoding.UTF8.GetBytes($"{Title}\nversion 1\nid {id:D}\n");
        var options = new AioOpenOptions { Mode = FileMode.Create, Access = FileAccess.Write, Direct = DirectIo.Off };
        var file = await aio.OpenAsync(path + ".new", options).ConfigureAwait(false);
        await using (file.ConfigureAwait(false))
        {
            await file.WriteAsync(text, 0).ConfigureAwait(false);
            await file.FlushAsync().ConfigureAwait(false);
        }

        await aio.RenameAsync(path + ".new", path).ConfigureAwait(false);
        return id;
    }
}
