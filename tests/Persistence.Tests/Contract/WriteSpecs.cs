using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>What the journal answers to writes.</summary>
public abstract class WriteSpecs(ITestOutputHelper output, Fixture fixture) : JournalSpec(output, fixture: fixture)
{
    [Fact]
    public async Task A_write_is_answered_as_a_whole_and_then_each_event_in_order_with_its_own_sender()
    {
        var sender = CreateTestProbe();
        var first = new Persistent(Event("a"), 1, "p", sender: sender.Ref, writerGuid: "w");
        var second = new Persistent(Event("b"), 2, "p", sender: Actor.Ref, writerGuid: "w");
        Write(new AtomicWrite(first), new Deferred("deferred", sender.Ref), new AtomicWrite(second));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        Assert.Same(first, (await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience)).Persistent);
        Assert.Equal(sender.Ref, Actor.LastSender);
        var loop = await Actor.ExpectMsgAsync<LoopMessageSuccess>(Patience);
        Assert.Equal("deferred", loop.Message);
        Assert.Equal(sender.Ref, Actor.LastSender);
        var last = await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        Assert.Same(second, last.Persistent);
        Assert.Equal(1, last.ActorInstanceId);
    }

    [Fact]
    public async Task Defers_alone_are_answered_behind_what_was_written_before()
    {
        Write(Atomic("p", 1, 1));
        Write(new Deferred("only", Actor.Ref));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        Assert.Equal("only", (await Actor.ExpectMsgAsync<LoopMessageSuccess>(Patience)).Message);
    }

    [Fact]
    public async Task A_write_of_nothing_is_answered()
    {
        Write();
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
    }

    [Fact]
    public async Task A_lazy_sequence_of_messages_is_gone_through_once()
    {
        var times = 0;
        IEnumerable<IPersistentEnvelope> Lazy()
        {
            times++;
            yield return Atomic("p", 1, 1);
        }

        Journal.Tell(new WriteMessages(Lazy(), Actor.Ref, 1), Actor.Ref);
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        Assert.Equal(1, times);
    }

    [Fact]
    public async Task What_cannot_be_serialized_or_is_too_large_is_rejected_and_the_rest_is_stored()
    {
        Write(
            Atomic("p", 1, 1),
            Atomic("p", 2, 3, payload: nr => nr == 3 ? new Unserializable() : "whole or not"),
            Atomic("p", 4, 4, payload: _ => new byte[2 << 20]),
            Atomic("p", 5, 5));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        foreach (var nr in Range(2, 3))
        {
            var rejected = await Actor.ExpectMsgAsync<WriteMessageRejected>(Patience);
            Assert.Equal(nr, rejected.Persistent.SequenceNr);
            Assert.Contains("no way", rejected.Cause.ToString(), StringComparison.Ordinal);
        }

        Assert.IsType<AioEventTooLargeException>((await Actor.ExpectMsgAsync<WriteMessageRejected>(Patience)).Cause);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        var (events, highest) = await ReplayAsync("p");
        Assert.Equal([1, 5], events.Select(stored => stored.SequenceNr));
        Assert.Equal(5, highest);
    }

    [Fact]
    public async Task A_failed_disk_fails_the_write_with_the_true_count_and_the_journal_goes_on()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        using (Disk.Writes().Times(1).Fail(Errno.EIO))
        {
            WriteAlone(Atomic("p", 2, 3), new Deferred("deferred", Actor.Ref), Atomic("p", 4, 4));
            var failed = await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience);
            Assert.Equal(2, failed.WriteCount);
            Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(failed.Cause).Errno);
            await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
            await Actor.ExpectMsgAsync<LoopMessageSuccess>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        }

        var (events, highest) = await ReplayAsync("p");
        Assert.Equal(highest, events.Count);
        await WriteAndAwaitAsync("p", highest + 1, highest + 1);
    }

    [Fact]
    public async Task Two_actors_of_one_id_the_second_fails_and_nothing_of_it_is_stored()
    {
        await WriteAndAwaitAsync("p", 1, 2, "first");
        Write(Atomic("p", 2, 3, "second"));
        var failed = await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience);
        var conflict = Assert.IsType<AioSequenceConflictException>(failed.Cause);
        Assert.Equal((2, 2, "p"), (conflict.SequenceNr, conflict.Highest, conflict.PersistenceId));
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        var (events, _) = await ReplayAsync("p");
        Assert.Equal(["first", "first"], events.Select(stored => stored.WriterGuid));
    }

    [Fact]
    public async Task What_is_stored_of_an_event_is_all_that_the_protocol_has()
    {
        var before = DateTime.UtcNow.Ticks;
        Write(new AtomicWrite(new Persistent(Event("text"), 7, "id", "adapter's", sender: Actor.Ref, writerGuid: "any string")));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        using var again = await RestartAsync();
        var (events, highest) = await ReplayAsync(JournalOf(again), CreateTestProbe(again), "id");
        var stored = Assert.Single(events);
        Assert.Equal(
            (Event("text"), 7L, "id", ManifestOf("adapter's"), "any string"),
            (stored.Payload, stored.SequenceNr, stored.PersistenceId, stored.Manifest, stored.WriterGuid));
        Assert.InRange(stored.Timestamp, before, DateTime.UtcNow.Ticks);
        Assert.Equal(ActorRefs.NoSender, stored.Sender);
        Assert.Equal(7, highest);
    }
}
