using System.Globalization;
using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>
/// The files of a log's folder that say whose it is: <c>STORE</c>, a text of four lines, "AkkaAio store", "version 1", "id UUID" and
/// "features READER WRITER OTHER", three hexadecimal numbers; and <c>LOCK</c>, which the log holds open and locked (flock) for its life.
/// </summary>
internal static class StoreFile
{
    private const string Title = "AkkaAio store";

    /// <summary>The folder of a log that shares a store.</summary>
    public static string FolderOf(string store, LogKind kind) => Path.Combine(store, kind == LogKind.Events ? "events" : "snapshots");

    /// <summary>Locks the folder, and reads its store id, or gives it one.</summary>
    /// <exception cref="AioLogLockedException">Another process, or another log of this one, has it.</exception>
    /// <exception cref="AioLogVersionException">It is of a version, or has a feature, that this code does not know.</exception>
    /// <exception cref="AioLogCorruptionException">STORE is damaged, or is missing and there are segments.</exception>
    public static async Task<(Guid Id, AioFile Lock)> OpenAsync(AioExt aio, string folder)
    {
        var path = Path.Combine(folder, "STORE");
        var locked = await LockAsync(aio, Path.Combine(folder, "LOCK")).ConfigureAwait(false);
        try
        {
            if (await ReadIdAsync(aio, path).ConfigureAwait(false) is { } id)
            {
                return (id, locked);
            }

            RefuseSegments(aio, folder, path);
            return (await WriteIdAsync(aio, path).ConfigureAwait(false), locked);
        }
        catch
        {
            await locked.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // STORE was durable before the first of them: with another id they would be another store's.
    private static void RefuseSegments(AioExt aio, string folder, string path)
    {
        foreach (var log in (string[])[folder, FolderOf(folder, LogKind.Events), FolderOf(folder, LogKind.Snapshots)])
        {
            var names = new LogFolder(aio.Names, log);
            try
            {
                if (names.Segments() is [var first, ..])
                {
                    throw new AioLogCorruptionException(
                        path, 0, 0, $"the file is missing, and {names.PathOf(first)} is there; the header of that has the store's id");
                }
            }
            catch (DirectoryNotFoundException)
            {
                // A log without segments.
            }
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
            return Parse(path, System.Text.Encoding.UTF8.GetString(bytes.GetSpan()).Split('\n'));
        }
    }

    private static Guid Parse(string path, string[] lines)
    {
        if (lines is not [Title, ['v', 'e', 'r', 's', 'i', 'o', 'n', ' ', .. var version], ..] ||
            !int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw new AioLogCorruptionException(path, 0, 0, "it is no text of a store's version and id");
        }

        if (number != SegmentHeader.Version)
        {
            throw new AioLogVersionException(path, number, 0);
        }

        if (lines is not [_, _, ['i', 'd', ' ', .. var id], ['f', 'e', 'a', 't', 'u', 'r', 'e', 's', ' ', .. var features], ..] ||
            !Guid.TryParseExact(id, "D", out var store) || features.Split(' ') is not [var reader, var writer, _] ||
            !uint.TryParse(reader, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ofReaders) ||
            !uint.TryParse(writer, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ofWriters))
        {
            throw new AioLogCorruptionException(path, 0, 0, "its third and fourth line are not an id and features");
        }

        LogFeatures.Check(path, ofReaders, LogFeatures.KnownToReaders);
        LogFeatures.Check(path, ofWriters, LogFeatures.KnownToWriters);
        return store;
    }

    // Whole or not there, whenever the power goes.
    private static async Task<Guid> WriteIdAsync(AioExt aio, string path)
    {
        var id = Guid.NewGuid();
        var text = System.Text.Encoding.UTF8.GetBytes($"{Title}\nversion {SegmentHeader.Version}\nid {id:D}\nfeatures 0 0 0\n");
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
