using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Journal;
using AkkaAio.Persistence.Log;
using AkkaAio.Persistence.Reading;
using AkkaAio.Persistence.Store;
using AkkaAio.TestKit;

namespace AkkaAio.Persistence.Tests.Support;

/// <summary>
/// Reads the events of a store as a start and its replays do, by the same code, without the actors around it: a thousand times a test.
/// </summary>
internal sealed class StoreReader : IDisposable
{
    private const string StorePath = "akka.persistence.aio-store";

    private readonly ActorSystem _system;
    private readonly AioStoreSettings _settings;
    private LogFiles? _files;

    /// <param name="disk">Holds the store in /store.</param>
    public StoreReader(AioTestDisk disk)
    {
        var config = ConfigurationFactory.ParseString(
            "akka { loglevel = OFF, stdout-loglevel = OFF, persistence.aio-store.dir = \"/store\" }");
        _system = ActorSystem.Create("reader", ActorSystemSetup.Empty.And(BootstrapSetup.Create().WithConfig(config)).And(disk.Setup));
        _ = AioStores.Get(_system);
        _settings = new AioStoreSettings(_system.Settings.Config, StorePath);
    }

    /// <summary>The replay of each id: its events, or why it failed.</summary>
    /// <exception cref="AioException">The start was refused.</exception>
    public async Task<Dictionary<string, object>> ReadAsync(IEnumerable<string> ids)
    {
        _files ??= await AioStores.Get(_system).Of(StorePath).OpenAsync(LogKind.Events);
        var visitor = new JournalVisitor();
        var position = await new LogRecovery(_files, visitor).RunAsync();
        if (position.Segment is { } last)
        {
            await last.File.DisposeAsync();
        }

        visitor.Index.Oldest = visitor.Oldest ?? 1;
        using var replays = new Replays(
            _settings, new ReplayFilterSettings(ReplayFilterMode.Disabled, 1, 1), new OpenSegments(_files),
            _system, _system.Log, adapt: null);
        var results = new Dictionary<string, object>();
        foreach (var id in ids)
        {
            var actor = new CollectingRef(((ExtendedActorSystem)_system).Provider);
            await replays.RunAsync(
                new ReplayMessages(1, long.MaxValue, long.MaxValue, id, actor), visitor.Index.Plan(id, 1, long.MaxValue));
            results[id] = actor.Messages[^1] is ReplayMessagesFailure failed
                ? failed.Cause
                : actor.Messages.OfType<ReplayedMessage>().Select(replayed => replayed.Persistent).ToList();
        }

        return results;
    }

    public void Dispose() => _system.Terminate().Wait();

    private sealed class CollectingRef(IActorRefProvider provider) : MinimalActorRef
    {
        public List<object> Messages { get; } = [];

        public override ActorPath Path { get; } = provider.RootPath / "collector";

        public override IActorRefProvider Provider => provider;

        protected override void TellInternal(object message, IActorRef sender) => Messages.Add(message);
    }
}
