using System.Text;
using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>What adapters and serializers make of events; many ids at once; large writes.</summary>
public sealed class SerializationSpecs(ITestOutputHelper output) : JournalSpec(output, fixture: new AdaptersAndTransport())
{
    [Fact]
    public async Task A_read_adapter_makes_none_one_or_several_of_an_event_and_a_success_has_the_event_as_persisted()
    {
        var texts = new[] { "once", "twice", "never" };
        var written =
            texts.Select((text, i) => new Persistent(new Said(text), i + 1, "p", sender: ActorRefs.NoSender, writerGuid: "w")).ToArray();
        Write(new AtomicWrite([.. written]));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        foreach (var said in written)
        {
            Assert.Same(said, (await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience)).Persistent); // not what the adapter made of it
        }

        var (events, highest) = await ReplayAsync("p");
        Assert.Equal(
            [(1L, new Said("once")), (2L, new Said("twice")), (2L, new Said("twice"))],
            events.Select(stored => (stored.SequenceNr, (Said)stored.Payload)));
        Assert.All(events, stored => Assert.Equal("p", stored.PersistenceId));
        Assert.Equal(3, highest);
        Assert.Equal(
            2, (await ReplayAsync("p", max: 2)).Events.Select(stored => stored.SequenceNr).Distinct().Count()); // max counts what is stored
    }

    [Fact]
    public async Task Serializer_manifest_adapter_manifest_writer_and_tags_are_stored_apart()
    {
        Write(
            new AtomicWrite(new Persistent(new Said("a"), 1, "p", sender: Actor.Ref, writerGuid: "the writer")),
            new AtomicWrite(new Persistent(new WithType(7), 2, "p", "given", sender: Actor.Ref, writerGuid: "")),
            new AtomicWrite(new Persistent(new byte[] { 1, 2, 3 }, 3, "p", sender: Actor.Ref, writerGuid: "w")));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        for (var nr = 1; nr <= 3; nr++)
        {
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }

        var bytes = Disk.ReadAllBytes("/store/events/0000000001.seg");
        Assert.True(BatchHeader.TryRead(bytes.AsSpan(8192), 4096, out var header)); // behind the segment's header and the fence
        var (at, stored) = (BatchHeader.Size, new List<(int, string, string, string, int, string)>());
        while (RecordView.TryRead(bytes.AsSpan(8192)[at..header.Used], out var record))
        {
            stored.Add((
                record.Serializer, Text(record.Manifest), Text(record.AdapterManifest), Text(record.Writer), record.Tags,
                record.Tags > 0 ? Text(record.Payload) : ""));
            at += record.Length;
        }

        var json = Sys.Serialization.FindSerializerForType(typeof(WithType));
        var type = json.IncludeManifest ? Akka.Util.TypeExtensions.TypeQualifiedName(typeof(WithType)) : "";
        Assert.Equal(
            [
                (4711, "v1", "spoken", "the writer", 2, "a"), (json.Identifier, type, "given", "", 0, ""),
                (Sys.Serialization.FindSerializerForType(typeof(byte[])).Identifier, "", "", "w", 0, ""),
            ],
            stored);

        static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
    }

    private sealed record WithType(int Value);

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
            Assert.Equal([Event($"{id}-1"), Event($"{id}-2"), Event($"{id}-3")],
                (await ReplayAsync(JournalOf(again), probe, id)).Events.Select(stored => stored.Payload));
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
        Assert.Equal(
            Range(1, 3001), (await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p")).Events.Select(stored => stored.SequenceNr));
    }
}
