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

    /// <summary>The files of one of its logs. <see cref="ReleaseAsync"/> must follow.</summary>
    /// <exception cref="AioLogLockedException">Another process has it.</exception>
    public async Task<LogFiles> OpenAsync(LogKind kind)
    {
        Task<(Guid Id, AioFile Lock)> opened;
        lock (_lock)
        {
            _users++;
            if (_opened is null or { IsFaulted: true })
            {
                _aio.Names.MakeFolder(Settings.Folder);
                _opened = StoreFile.OpenAsync(_aio, Settings.Folder);
            }

            opened = _opened;
        }

        var (id, locked) = await opened.ConfigureAwait(false);
        var folder = Path.Combine(Settings.Folder, kind == LogKind.Events ? "events" : "snapshots");
        _aio.Names.MakeFolder(folder);
        await _aio.SyncFolderAsync(Settings.Folder).ConfigureAwait(false);
        return LogFiles.Of(_aio, new LogFolder(_aio.Names, folder), kind, id, locked.PhysicalBlockSize, Settings.Log);
    }

    /// <summary>One of its logs is closed.</summary>
    public async Task ReleaseAsync()
    {
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
