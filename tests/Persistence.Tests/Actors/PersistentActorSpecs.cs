using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Actors;

/// <summary>Akka's persistent actors on the journal, where it is not the usual way.</summary>
public sealed class PersistentActorSpecs(ITestOutputHelper output) : JournalSpec(output, """
    akka.persistence.aio-store { segment-size = 32 MiB, write { buffer = 4 MiB, max-atomic-write = 32 MiB } }
    """)
{
    [Fact]
    public async Task One_that_is_restarted_with_writes_in_flight_recovers_all_of_them_and_goes_on_behind_them()
    {
        var actor = await StartAsync("p");
        using var held = Disk.Writes().Hold();
        Do(actor, teller => teller.PersistAllAsync(["1", "2", "3"], teller.Tell));
        await held.WhenHit();
        Do(actor, _ => throw new InvalidOperationException("restart"));
        await Actor.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(200)); // the recovery waits for them
        held.Dispose();
        foreach (var nr in (string[])["1", "2", "3"])
        {
            await Actor.ExpectMsgAsync($"recovered {nr}", Patience);
        }

        await Actor.ExpectMsgAsync<RecoveryCompleted>(Patience);
        Do(actor, teller => teller.Persist("4", _ => teller.Tell(teller.LastSequenceNr)));
        await Actor.ExpectMsgAsync(4L, Patience);
        var (events, highest) = await ReplayAsync("p");
        Assert.Equal(["1", "2", "3", "4"], events.Select(stored => stored.Payload));
        Assert.Equal(4, highest);
    }

    [Fact]
    public async Task A_failed_write_stops_one_that_persists_asynchronously_and_nothing_behind_it_is_stored()
    {
        var actor = await StartAsync("p");
        Do(actor, teller => teller.Persist("1", teller.Tell));
        await Actor.ExpectMsgAsync("1", Patience);
        await Actor.WatchAsync(actor);
        using var held = Disk.Writes().Hold();
        using var fails = Disk.Writes().Times(1).Fail(Errno.EIO);
        Do(actor, teller => teller.PersistAsync("2", teller.Tell));
        await held.WhenHit();
        for (var nr = 3; nr <= 9; nr++)
        {
            var text = $"{nr}";
            PersistAsync(text); // wait in the actor until the write before is answered
        }

        held.Dispose();
        var failed = await Actor.ExpectMsgAsync<Teller.Failed>(Patience);
        Assert.Equal(("2", 2L), (failed.Event, failed.SequenceNr));
        Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(failed.Cause).Errno);
        await Actor.ExpectTerminatedAsync(actor, Patience);
        Assert.Equal(["1"], (await ReplayAsync("p")).Events.Select(stored => stored.Payload)); // EIO: the disk in memory wrote nothing
        await StartAsync("p", "1");

        void PersistAsync(string text) => Do(actor, teller => teller.PersistAsync(text, teller.Tell));
    }

    [Fact]
    public async Task Batches_of_defers_alone_come_behind_what_was_persisted_before_them()
    {
        var actor = await StartAsync("p");
        using var held = Disk.Writes().Hold();
        Do(actor, teller => teller.PersistAsync("1", teller.Tell));
        await held.WhenHit();
        for (var i = 0; i < 50; i++)
        {
            var text = $"deferred {i}";
            Do(actor, teller => teller.DeferAsync(text, teller.Tell));
        }

        held.Dispose();
        await Actor.ExpectMsgAsync("1", Patience);
        for (var i = 0; i < 50; i++)
        {
            await Actor.ExpectMsgAsync($"deferred {i}", Patience);
        }

        Do(actor, teller => teller.DeferAsync("last", teller.Tell)); // nothing is in flight
        await Actor.ExpectMsgAsync("last", Patience);
        Assert.Equal(1, (await ReplayAsync("p")).Highest);
    }

    [Fact]
    public async Task PersistAll_of_100_000_events_is_stored_as_a_whole()
    {
        const int Count = 100_000;
        var actor = await StartAsync("p");
        Do(actor, teller => teller.PersistAll(Enumerable.Range(1, Count), nr =>
        {
            if (nr % 10_000 == 0)
            {
                teller.Tell(nr);
            }
        }));
        for (var nr = 10_000; nr <= Count; nr += 10_000)
        {
            await Actor.ExpectMsgAsync(nr, TimeSpan.FromSeconds(60));
        }

        using var again = await RestartAsync();
        var (events, highest) = await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p");
        Assert.Equal(Range(1, Count), events.Select(stored => stored.SequenceNr));
        Assert.Equal(Count, highest);
    }

    [Fact]
    public async Task Of_two_with_one_id_the_second_to_write_fails_typed()
    {
        var first = await StartAsync("p");
        var second = await StartAsync("p");
        await Actor.WatchAsync(second);
        Do(first, teller => teller.Persist("first", teller.Tell));
        await Actor.ExpectMsgAsync("first", Patience);
        Do(second, teller => teller.Persist("second", teller.Tell));
        var failed = await Actor.ExpectMsgAsync<Teller.Failed>(Patience);
        Assert.Equal("p", Assert.IsType<AioSequenceConflictException>(failed.Cause).PersistenceId);
        await Actor.ExpectTerminatedAsync(second, Patience);
        Do(first, teller => teller.Persist("and on", teller.Tell));
        await Actor.ExpectMsgAsync("and on", Patience);
        Assert.Equal(["first", "and on"], (await ReplayAsync("p")).Events.Select(stored => stored.Payload));
    }

    [Fact]
    public async Task A_rejected_event_leaves_a_gap_and_its_actor_alive()
    {
        var actor = await StartAsync("p");
        Do(actor, teller => teller.Persist("1", teller.Tell));
        Do(actor, teller => teller.Persist(new byte[33 << 20], _ => teller.Tell("stored")));
        Do(actor, teller => teller.Persist("3", teller.Tell));
        await Actor.ExpectMsgAsync("1", Patience);
        var rejected = await Actor.ExpectMsgAsync<Teller.Rejected>(Patience);
        Assert.Equal(2, rejected.SequenceNr);
        Assert.True(Assert.IsType<AioEventTooLargeException>(rejected.Cause).Bytes > 33 << 20);
        await Actor.ExpectMsgAsync("3", Patience);
        var (events, highest) = await ReplayAsync("p");
        Assert.Equal([(1L, "1"), (3L, "3")], events.Select(stored => (stored.SequenceNr, (string)stored.Payload)));
        Assert.Equal(3, highest);
    }

    private void Do(IActorRef actor, Action<Teller> action) => actor.Tell(new Teller.Do(action), Actor.Ref);

    // A new actor, recovered.
    private async Task<IActorRef> StartAsync(string id, params string[] recovered)
    {
        var observer = Actor.Ref;
        var actor = Sys.ActorOf(Props.Create(() => new Teller(id, observer)));
        foreach (var text in recovered)
        {
            await Actor.ExpectMsgAsync($"recovered {text}", Patience);
        }

        await Actor.ExpectMsgAsync<RecoveryCompleted>(Patience);
        return actor;
    }
}
