using System.Text;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Akka.Serialization;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>Serializers that ask for the transport's address, adapters, tags; many ids at once; large writes.</summary>
public sealed class SerializationSpecs(ITestOutputHelper output) : JournalSpec(output, """
    akka.actor {
      serializers.asking = "AkkaAio.Persistence.Tests.Contract.AskingSerializer, AkkaAio.Persistence.Tests"
      serialization-bindings."AkkaAio.Persistence.Tests.Contract.Spoken, AkkaAio.Persistence.Tests" = asking
      serialization-identifiers."AkkaAio.Persistence.Tests.Contract.AskingSerializer, AkkaAio.Persistence.Tests" = 4711
    }
    akka.persistence.journal.aio {
      event-adapters.spoken = "AkkaAio.Persistence.Tests.Contract.SpokenAdapter, AkkaAio.Persistence.Tests"
      event-adapter-bindings."AkkaAio.Persistence.Tests.Contract.Said, AkkaAio.Persistence.Tests" = spoken
      event-adapter-bindings."AkkaAio.Persistence.Tests.Contract.Spoken, AkkaAio.Persistence.Tests" = spoken
    }
    """)
{
    [Fact]
    public async Task Adapters_tags_and_a_serializer_that_needs_the_transport()
    {
        var said = new Persistent(new Said("hello"), 1, "p", sender: ActorRefs.NoSender, writerGuid: "w");
        Write(new AtomicWrite(said));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        Assert.Same(said, (await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience)).Persistent); // not what the adapter made of it
        var (events, highest) = await ReplayAsync("p");
        Assert.Equal([new Said("HELLO"), new Said("HELLO")], events.Select(stored => stored.Payload)); // the adapter makes two of one
        Assert.All(events, stored => Assert.Equal(("p", 1L), (stored.PersistenceId, stored.SequenceNr)));
        Assert.Equal(1, highest);
    }

    [Fact]
    public async Task A_thousand_ids_at_once()
    {
        var ids = Enumerable.Range(0, 1000).Select(i => $"id-{i}").ToArray();
        foreach (var id in ids)
        {
            Write(Atomic(id, 1, 3));
        }

        for (var i = 0; i < ids.Length; i++)
        {
            await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
            for (var nr = 1; nr <= 3; nr++)
            {
                Assert.Equal(nr, (await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience)).Persistent.SequenceNr);
            }
        }

        using var again = await RestartAsync();
        var probe = CreateTestProbe(again);
        foreach (var id in ids)
        {
            Assert.Equal([$"{id}-1", $"{id}-2", $"{id}-3"], (await ReplayAsync(JournalOf(again), probe, id)).Events.Select(stored => stored.Payload));
        }
    }

    [Fact]
    public async Task One_write_of_many_events_is_longer_than_a_buffer_and_whole()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        Write(Atomic("p", 2, 3001, payload: nr => $"{nr} {new string('x', 200)}"));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        foreach (var nr in Range(2, 3001))
        {
            Assert.Equal(nr, (await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience)).Persistent.SequenceNr);
        }

        using var again = await RestartAsync();
        Assert.Equal(Range(1, 3001), (await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p")).Events.Select(stored => stored.SequenceNr));
    }
}

/// <summary>What an actor persists.</summary>
internal sealed record Said(string Text);

/// <summary>What is stored of it.</summary>
internal sealed record Spoken(string Text);

/// <summary>Stores what was said in capitals, tagged, and makes two of one.</summary>
internal sealed class SpokenAdapter : IEventAdapter
{
    public string Manifest(object evt) => "spoken";

    public object ToJournal(object evt) => new Tagged(new Spoken(((Said)evt).Text.ToUpperInvariant()), ["loud"]);

    public IEventSequence FromJournal(object evt, string manifest) => manifest == "spoken" && evt is Spoken spoken
        ? EventSequence.Create(new Said(spoken.Text), new Said(spoken.Text))
        : throw new InvalidOperationException($"{evt} with manifest {manifest}");
}

/// <summary>A serializer that writes with the transport's information, as those of messages with actor refs do.</summary>
internal sealed class AskingSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override string Manifest(object o) => "v1";

    public override byte[] ToBinary(object obj)
    {
        Assert.NotNull(Serialization.GetCurrentTransportInformation().System);
        return Encoding.UTF8.GetBytes(((Spoken)obj).Text);
    }

    public override object FromBinary(byte[] bytes, string manifest) => manifest == "v1"
        ? new Spoken(Encoding.UTF8.GetString(bytes))
        : throw new InvalidOperationException(manifest);
}
