using System.Collections.Concurrent;
using Akka.Actor;

namespace AkkaAio.Hosting;

/// <summary>
/// The files of an actor system by their keys. Nothing closes them but the system's own end, which comes after the actors': they have no
/// owner.
/// </summary>
internal sealed class AioFiles(ActorSystem system) : IExtension
{
    private readonly ConcurrentDictionary<Type, Entry> _files = new();

    public static AioFiles Of(ActorSystem system) => system.WithExtension<AioFiles, Provider>();

    public async Task OpenAsync(Type key, string path, AioOpenOptions? options)
    {
        var entry = EntryOf(key);
        if (!entry.TryBegin())
        {
            throw new InvalidOperationException($"WithAioFile<{key.Name}> names two files; give each file a key of its own");
        }

        try
        {
            entry.Opened.SetResult(await AioExt.Get(system).OpenAsync(path, options).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            entry.Opened.SetException(e);
            _ = entry.Opened.Task.Exception; // observed: the host's start throws it too
            throw;
        }
    }

    public AioFile Get(Type key) => EntryOf(key).Opened.Task is { IsCompleted: true } opened
        ? opened.GetAwaiter().GetResult()
        : throw new InvalidOperationException(
            $"no file {key.Name} is open; call WithAioFile<{key.Name}>(path) in AddAkka, before WithActors. A service that starts before " +
            $"or beside the actor system awaits IRequiredAioFile<{key.Name}>.GetAsync()");

    public Task<AioFile> GetAsync(Type key, CancellationToken cancellationToken) => EntryOf(key).Opened.Task.WaitAsync(cancellationToken);

    private Entry EntryOf(Type key) => _files.GetOrAdd(key, static _ => new Entry());

    private sealed class Entry
    {
        private int _begun;

        public TaskCompletionSource<AioFile> Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool TryBegin() => Interlocked.Exchange(ref _begun, 1) == 0;
    }

    private sealed class Provider : ExtensionIdProvider<AioFiles>
    {
        public override AioFiles CreateExtension(ExtendedActorSystem system) => new(system);
    }
}

/// <summary>From dependency injection.</summary>
internal sealed class RequiredAioFile<TKey>(ActorSystem system) : IRequiredAioFile<TKey>
{
    public AioFile File => AioFiles.Of(system).Get(typeof(TKey));

    public Task<AioFile> GetAsync(CancellationToken cancellationToken = default) =>
        AioFiles.Of(system).GetAsync(typeof(TKey), cancellationToken);
}
