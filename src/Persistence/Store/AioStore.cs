using Akka.Actor;
using Akka.Event;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence.Store;

/// <summary>A folder with the logs of a journal and of a snapshot store, locked while one of them is open.</summary>
internal sealed class AioStore
{
    private readonly Lock _lock = new();
    private readonly AioExt _aio;
    private readonly HashSet<LogKind> _open = [];
    private readonly Dictionary<LogKind, Task> _closing = []; // the last of each
    private Task<(Guid Id, AioFile Lock)>? _opened;
    private int _users;

    public AioStore(ExtendedActorSystem system, string path)
    {
        _aio = AioExt.Get(system);
        Settings = new AioStoreSettings(system.Settings.Config, path);
    }

    public AioStoreSettings Settings { get; }

    /// <inheritdoc cref="LogFiles.IsEnding"/>
    public bool IsEnding => _aio.Refuses;

    /// <summary>How loud something is said that is a failure, unless the actor system ends.</summary>
    public LogLevel Loudness(LogLevel level) => IsEnding ? LogLevel.DebugLevel : level;

    /// <summary>The files of one of its logs. <see cref="CloseAsync"/> must follow, unless this fails.</summary>
    /// <exception cref="AioLogLockedException">Another process has it, or another plugin of this actor system has that log.</exception>
    public async Task<LogFiles> OpenAsync(LogKind kind)
    {
        Task<(Guid Id, AioFile Lock)> opened;
        Task before;
        lock (_lock)
        {
            if (!_open.Add(kind))
            {
                throw new AioLogLockedException(
                    Path.Combine(Settings.Folder, "LOCK"),
                    new InvalidOperationException("another plugin of this actor system has it open"));
            }

            _users++;
            before = _closing.GetValueOrDefault(kind, Task.CompletedTask);
            if (_opened is null or { IsFaulted: true })
            {
                _opened = LockAsync(Task.WhenAll(_closing.Values));
            }

            opened = _opened;
        }

        try
        {
            await before.ConfigureAwait(false);
            var (id, locked) = await opened.ConfigureAwait(false);
            var folder = Path.Combine(Settings.Folder, kind == LogKind.Events ? "events" : "snapshots");
            _aio.Names.MakeFolder(folder);
            await _aio.SyncFolderAsync(Settings.Folder).ConfigureAwait(false);
            return LogFiles.Of(_aio, new LogFolder(_aio.Names, folder), kind, id, locked.PhysicalBlockSize, Settings.Log);
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

    private async Task<(Guid Id, AioFile Lock)> LockAsync(Task closing)
    {
        await closing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // one may be giving the lock back
        _aio.Names.MakeFolder(Settings.Folder);
        return await StoreFile.OpenAsync(_aio, Settings.Folder).ConfigureAwait(false);
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
