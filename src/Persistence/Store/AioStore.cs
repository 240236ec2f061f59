using Akka.Actor;
using Akka.Event;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence.Store;

/// <summary>A folder with the logs of a journal and of a snapshot store, locked while one of them is open.</summary>
internal sealed class AioStore
{
    private readonly Lock _lock = new();
    private readonly ExtendedActorSystem _system;
    private readonly string _path;
    private readonly Lazy<AioStoreSettings> _settings;
    private readonly HashSet<LogKind> _open = [];
    private readonly Dictionary<LogKind, Task> _closing = []; // the last of each
    private Task<(Guid Id, AioFile Lock)>? _opened;
    private AioExt? _aio;
    private int _users;

    /// <param name="system">Its AkkaAio does the I/O.</param>
    /// <param name="path">Of its configuration.</param>
    /// <param name="settings">Reads that, when the store is opened.</param>
    public AioStore(ExtendedActorSystem system, string path, Func<AioStoreSettings> settings) =>
        (_system, _path, _settings) = (system, path, new Lazy<AioStoreSettings>(settings));

    /// <summary>Of a store that can be opened.</summary>
    public AioStoreSettings Settings => _settings.Value;

    /// <summary>For messages: the folder; until that is known, the path of its configuration.</summary>
    public string Name => _settings.IsValueCreated ? Settings.Folder : _path;

    /// <summary>How loud something is said that is a failure, unless the actor system ends.</summary>
    public LogLevel Loudness(LogLevel level) => _aio is { Refuses: true } ? LogLevel.DebugLevel : level;

    /// <summary>The files of one of its logs. <see cref="CloseAsync"/> must follow, unless this fails.</summary>
    /// <exception cref="AioConfigurationException">A key is missing or impossible, of the store or of AkkaAio.</exception>
    /// <exception cref="AioLogLockedException">Another process has it, or another plugin of this actor system has that log.</exception>
    public async Task<LogFiles> OpenAsync(LogKind kind)
    {
        Task<(Guid Id, AioFile Lock)> opened;
        Task before;
        var (aio, settings) = (_aio ??= AioExt.Get(_system), Settings);
        lock (_lock)
        {
            if (!_open.Add(kind))
            {
                throw new AioLogLockedException(
                    Path.Combine(settings.Folder, "LOCK"),
                    new InvalidOperationException("another plugin of this actor system has it open"));
            }

            _users++;
            before = _closing.GetValueOrDefault(kind, Task.CompletedTask);
            if (_opened is null or { IsFaulted: true })
            {
                _opened = LockAsync(aio, settings.Folder, Task.WhenAll(_closing.Values));
            }

            opened = _opened;
        }

        try
        {
            await before.ConfigureAwait(false);
            var (id, locked) = await opened.ConfigureAwait(false);
            var folder = StoreFile.FolderOf(settings.Folder, kind);
            await LogFolder.MakeAsync(aio, folder).ConfigureAwait(false);
            return LogFiles.Of(aio, new LogFolder(aio.Names, folder), kind, id, locked.PhysicalBlockSize, settings.Log);
        }
        catch
        {
            await EndAsync(kind, Task.CompletedTask).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A log is closed. It is opened again, and the lock given back, only when nothing of it is written any more.</summary>
    /// <param name="kind">Of the log.</param>
    /// <param name="opening">Its last OpenAsync; null: there was none.</param>
    /// <param name="files">Ends with the last write.</param>
    public async Task CloseAsync(LogKind kind, Task<LogFiles>? opening, Task files)
    {
        if (opening is not null)
        {
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opening.IsCompletedSuccessfully)
            {
                await EndAsync(kind, files).ConfigureAwait(false);
            }
        }
    }

    private Task EndAsync(LogKind kind, Task files)
    {
        lock (_lock)
        {
            _open.Remove(kind);
            return _closing[kind] = ReleaseAsync(files);
        }
    }

    private static async Task<(Guid Id, AioFile Lock)> LockAsync(AioExt aio, string folder, Task closing)
    {
        await closing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // one may be giving the lock back
        await LogFolder.MakeAsync(aio, folder).ConfigureAwait(false);
        return await StoreFile.OpenAsync(aio, folder).ConfigureAwait(false);
    }

    private async Task ReleaseAsync(Task files)
    {
        await files.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task<(Guid Id, AioFile Lock)>? last = null;
        lock (_lock)
        {
            if (--_users == 0)
            {
                (last, _opened) = (_opened, null);
            }
        }

        if (last is { IsFaulted: false })
        {
            await (await last.ConfigureAwait(false)).Lock.DisposeAsync().ConfigureAwait(false);
        }
    }
}
