using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Support;

/// <summary>A journal and a snapshot store on a disk in memory, spoken to in their protocol.</summary>
public abstract class JournalSpec : Akka.TestKit.Xunit2.TestKit
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly string StoreHocon = """
        akka.persistence.journal.plugin = "akka.persistence.journal.aio"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.aio"
        akka.persistence.journal.aio {
          class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence"
          plugin-dispatcher = "akka.actor.default-dispatcher"
        }
        akka.persistence.snapshot-store.aio {
          class = "AkkaAio.Persistence.AioSnapshotStore, AkkaAio.Persistence"
          plugin-dispatcher = "akka.actor.default-dispatcher"
        }
        akka.persistence.aio-store {
          dir = "/store", segment-size = 1 MiB, write.buffer = 64 KiB, write.max-atomic-write = 1 MiB, zero-rate = 0
        }
        """;

    private static int s_specs;

    private readonly Fixture _fixture;
    private int _writes;

    private protected JournalSpec(ITestOutputHelper output, string hocon = "", AioTestDisk? disk = null, Fixture? fixture = null)
        : this(output, fixture?.Hocon + hocon, new Made(disk ?? new AioTestDisk { Alignment = 4096 }, fixture ?? new Fixture()))
    {
    }

    private JournalSpec(ITestOutputHelper output, string hocon, Made made)
        : base(SetupOf(hocon, made.Disk), $"spec-{Interlocked.Increment(ref s_specs)}", output)
    {
        (Disk, _fixture, Hocon) = (made.Disk, made.Fixture, hocon);
        Actor = CreateTestProbe();
    }

    private protected AioTestDisk Disk { get; }

    private protected string Hocon { get; }

    /// <summary>Plays the persistent actor.</summary>
    private protected TestProbe Actor { get; }

    private protected IActorRef Journal => JournalOf(Sys);

    private protected IActorRef Snapshots => SnapshotsOf(Sys);

    private protected static IActorRef JournalOf(ActorSystem system) =>
        Akka.Persistence.Persistence.Instance.Apply(system).JournalFor(null);

    private protected static IActorRef SnapshotsOf(ActorSystem system) =>
        Akka.Persistence.Persistence.Instance.Apply(system).SnapshotStoreFor(null);

    private protected static ActorSystemSetup SetupOf(string hocon, AioTestDisk disk) => ActorSystemSetup.Empty
        .And(BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(StoreHocon + "\n" + hocon).WithFallback(DefaultConfig)))
        .And(disk.Setup);

    /// <summary>Another system on the same disk, as after a restart.</summary>
    private protected async Task<ActorSystem> RestartAsync(AioTestDisk? disk = null)
    {
        await Sys.Terminate();
        return ActorSystem.Create("again", SetupOf(Hocon, disk ?? Disk));
    }

    /// <inheritdoc cref="Fixture.Event"/>
    private protected object Event(string text) => _fixture.Event(text);

    /// <inheritdoc cref="Fixture.ManifestOf"/>
    private protected string ManifestOf(string given) => _fixture.ManifestOf(given);

    private protected AtomicWrite Atomic(string id, long from, long to, string writer = "w", Func<long, object>? payload = null) => new(
        [.. Range(from, to).Select(nr => new Persistent(
            payload?.Invoke(nr) ?? Event($"{id}-{nr}"), nr, id, sender: ActorRefs.NoSender, writerGuid: writer))]);

    private protected static IEnumerable<long> Range(long from, long to) => Enumerable.Range(0, (int)(to - from + 1)).Select(i => from + i);

    private protected void Write(params IPersistentEnvelope[] messages)
    {
        foreach (var beside in _fixture.Beside(++_writes))
        {
            var writes = beside.Select(other => Atomic(other.Id, other.SequenceNr, other.SequenceNr, payload: _ => other.Event));
            Journal.Tell(new WriteMessages([.. writes], ActorRefs.Nobody, 1), ActorRefs.NoSender);
        }

        WriteAlone(messages);
    }

    private protected void WriteAlone(params IPersistentEnvelope[] messages) =>
        Journal.Tell(new WriteMessages(messages, Actor.Ref, 1), Actor.Ref);

    private protected async Task WriteAndAwaitAsync(string id, long from, long to, string writer = "w")
    {
        Write(Atomic(id, from, to, writer));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        foreach (var nr in Range(from, to))
        {
            Assert.Equal(nr, (await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience)).Persistent.SequenceNr);
        }
    }

    private protected Task<(List<IPersistentRepresentation> Events, long Highest)> ReplayAsync(
        string id, long from = 1, long to = long.MaxValue, long max = long.MaxValue) => ReplayAsync(Journal, Actor, id, from, to, max);

    private protected static async Task<(List<IPersistentRepresentation> Events, long Highest)> ReplayAsync(
        IActorRef journal, TestProbe actor, string id, long from = 1, long to = long.MaxValue, long max = long.MaxValue)
    {
        journal.Tell(new ReplayMessages(from, to, max, id, actor.Ref), actor.Ref);
        var events = new List<IPersistentRepresentation>();
        while (true)
        {
            switch (await actor.ExpectMsgAsync<object>(Patience))
            {
                case ReplayedMessage replayed:
                    events.Add(replayed.Persistent);
                    break;
                case RecoverySuccess success:
                    return (events, success.HighestSequenceNr);
                case ReplayMessagesFailure failure:
                    throw failure.Cause;
                case var other:
                    throw new InvalidOperationException($"{other}");
            }
        }
    }

    private sealed record Made(AioTestDisk Disk, Fixture Fixture);
}

/// <summary>What DeferAsync sends along with the events.</summary>
internal sealed record Deferred(object Payload, IActorRef Sender) : IPersistentEnvelope
{
    public int Size => 1;
}
