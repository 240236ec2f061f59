using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>What a replay gives.</summary>
public abstract class ReplaySpecs(ITestOutputHelper output, Fixture fixture) : JournalSpec(output, fixture: fixture)
{
    [Theory]
    [InlineData(1, long.MaxValue, long.MaxValue, 1, 10)]
    [InlineData(3, long.MaxValue, long.MaxValue, 3, 10)]
    [InlineData(3, 5, long.MaxValue, 3, 5)]
    [InlineData(3, 100, 4, 3, 6)]
    [InlineData(5, 5, 1, 5, 5)]
    [InlineData(1, 10, 0, 1, 0)]
    [InlineData(6, 5, long.MaxValue, 1, 0)]
    [InlineData(11, 20, long.MaxValue, 1, 0)]
    public async Task From_and_to_are_included_and_max_counts(long from, long to, long max, long first, long last)
    {
        await WriteAndAwaitAsync("p", 1, 10);
        await WriteAndAwaitAsync("other", 1, 3);
        var (events, highest) = await ReplayAsync("p", from, to, max);
        Assert.Equal(Range(first, last), events.Select(stored => stored.SequenceNr));
        Assert.All(events, stored => Assert.Equal(Event($"p-{stored.SequenceNr}"), stored.Payload));
        Assert.Equal(10, highest);
    }

    [Fact]
    public async Task An_unknown_id_has_no_events_and_no_highest_number()
    {
        var (events, highest) = await ReplayAsync("nobody");
        Assert.Empty(events);
        Assert.Equal(0, highest);
    }

    [Fact]
    public async Task A_replay_sees_what_its_actor_has_written_before_it_although_the_disk_has_not_answered()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        var held = Disk.Writes().Hold();
        Write(Atomic("p", 2, 2));
        Journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", Actor.Ref), Actor.Ref);
        await held.WhenHit();
        await Actor.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(200));
        held.Dispose();
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        await Actor.ExpectMsgAsync<ReplayedMessage>(Patience);
        Assert.Equal(Sys.DeadLetters, Actor.LastSender); // none
        await Actor.ExpectMsgAsync<ReplayedMessage>(Patience);
        Assert.Equal(2, (await Actor.ExpectMsgAsync<RecoverySuccess>(Patience)).HighestSequenceNr);
    }

    [Fact]
    public async Task Events_over_many_segments_come_back_in_order_before_and_after_a_restart()
    {
        var payload = new string('x', 20_000);
        for (var nr = 1; nr <= 200; nr++)
        {
            foreach (var id in (string[])["p", "q"])
            {
                Write(Atomic(id, nr, nr, payload: _ => payload));
                await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
                await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
            }
        }

        Assert.True(Disk.Files.Count(path => path.Contains("events/0", StringComparison.Ordinal)) > 6);
        Assert.Equal(Range(1, 200), (await ReplayAsync("p")).Events.Select(stored => stored.SequenceNr));
        Assert.Equal(Range(50, 149), (await ReplayAsync("q", 50, max: 100)).Events.Select(stored => stored.SequenceNr));
        using var again = await RestartAsync();
        var (events, highest) = await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p", 77);
        Assert.Equal(Range(77, 200), events.Select(stored => stored.SequenceNr));
        Assert.Equal(200, highest);
    }

    [Fact]
    public async Task An_event_that_cannot_be_deserialized_fails_the_replay_with_its_place()
    {
        Write(Atomic("p", 1, 2, payload: nr => nr == 2 ? new Poison() : Event("fine")));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        Poison.Throws = true;
        var failure = await Assert.ThrowsAsync<AioEventException>(() => ReplayAsync("p"));
        Assert.Equal(("p", 2L), (failure.PersistenceId, failure.SequenceNr));
        Poison.Throws = false;
        Assert.Equal(2, (await ReplayAsync("p")).Events.Count);
    }

    private sealed class Poison
    {
        public static bool Throws { get; set; }

        private string _value = "";

        public string Value
        {
            get => _value;
            set => _value = Throws ? throw new InvalidOperationException("no way") : value;
        }
    }
}
