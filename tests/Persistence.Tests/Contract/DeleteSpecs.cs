using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>What a delete leaves.</summary>
public abstract class DeleteSpecs(ITestOutputHelper output, Fixture fixture)
    : JournalSpec(output, "akka.persistence.publish-plugin-commands = on", fixture: fixture)
{
    [Theory]
    [InlineData(3, 4)]
    [InlineData(10, 0)]
    [InlineData(99, 0)]
    [InlineData(long.MaxValue, 0)]
    public async Task It_is_inclusive_answered_with_what_was_asked_idempotent_and_the_highest_number_stays(long to, long first)
    {
        await WriteAndAwaitAsync("p", 1, 10);
        Sys.EventStream.Subscribe(Actor.Ref, typeof(DeleteMessagesTo));
        for (var time = 0; time < 2; time++)
        {
            Journal.Tell(new DeleteMessagesTo("p", to, Actor.Ref), Actor.Ref);
            Assert.Equal(to, (await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience)).ToSequenceNr);
            await Actor.ExpectMsgAsync<DeleteMessagesTo>(Patience);
        }

        var expected = first == 0 ? [] : Range(first, 10);
        var (events, highest) = await ReplayAsync("p");
        Assert.Equal(expected, events.Select(stored => stored.SequenceNr));
        Assert.Equal(10, highest);
        using var again = await RestartAsync();
        (events, highest) = await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p");
        Assert.Equal(expected, events.Select(stored => stored.SequenceNr));
        Assert.Equal(10, highest);
    }
}

/// <summary>A delete that is told while writes of its id are under way.</summary>
public sealed class DeleteBesideWritesSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    [Fact]
    public async Task It_deletes_what_was_told_before_it_and_nothing_that_was_told_behind_it()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        Write(Atomic("p", 2, 3));
        Journal.Tell(new DeleteMessagesTo("p", long.MaxValue, Actor.Ref), Actor.Ref);
        Journal.Tell(new ReplayMessages(1, 3, long.MaxValue, "p", Actor.Ref), Actor.Ref);
        Write(Atomic("p", 4, 4));
        await ExpectWrittenAsync(2);
        await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
        var others = new List<object>();
        for (var i = 0; i < 3; i++)
        {
            others.Add(await Actor.ExpectMsgAsync<object>(Patience));
        }

        Assert.Single(others.OfType<RecoverySuccess>());
        Assert.Empty(others.OfType<ReplayedMessage>());
        Assert.Equal([4L], (await ReplayAsync("p")).Events.Select(stored => stored.SequenceNr));
    }

    [Fact]
    public async Task It_is_answered_when_the_write_before_it_fails_and_deletes_what_was_stored()
    {
        await WriteAndAwaitAsync("p", 1, 2);
        var fault = Disk.Writes("/store/events/0000000001.seg").Times(1).Fail(Errno.EIO);
        Write(Atomic("p", 3, 3));
        Journal.Tell(new DeleteMessagesTo("p", long.MaxValue, Actor.Ref), Actor.Ref);
        await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
        fault.Dispose();
        Assert.Empty((await ReplayAsync("p")).Events);
    }

    [Fact]
    public async Task It_is_answered_when_the_write_before_it_finds_no_room_on_the_disk()
    {
        await WriteAndAwaitAsync("p", 1, 2);
        Disk.Capacity = Disk.UsedBytes + (1 << 18);
        using var hold = Disk.Opens("/store/events/0000000002.seg.new").Hold();
        Write([.. Range(3, 22).Select(nr => Atomic("p", nr, nr, payload: _ => new string('x', 60_000)))]);
        Journal.Tell(new DeleteMessagesTo("p", long.MaxValue, Actor.Ref), Actor.Ref);
        await hold.WhenHit();
        hold.Dispose();
        await Actor.FishForMessageAsync(message => message is DeleteMessagesSuccess, Patience);
    }

    private async Task ExpectWrittenAsync(int events)
    {
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        for (var i = 0; i < events; i++)
        {
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }
    }
}

/// <summary>What becomes of the space of deleted events.</summary>
public sealed class SpaceSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    [Fact]
    public async Task Segments_whose_events_are_all_deleted_are_given_back_and_the_highest_numbers_outlive_them()
    {
        await WriteAndAwaitAsync("quiet", 1, 1);
        var payload = new string('x', 50_000);
        var written = 0L;
        for (var round = 0; round < 10; round++)
        {
            for (var i = 0; i < 20; i++)
            {
                Write(Atomic("p", ++written, written, payload: _ => payload));
                await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
                await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
            }

            foreach (var id in (string[])["p", "quiet"])
            {
                Journal.Tell(new DeleteMessagesTo(id, long.MaxValue, Actor.Ref), Actor.Ref);
                await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
            }
        }

        await AwaitAssertAsync(
            () => Assert.InRange(Disk.Files.Count(path => path.EndsWith(".seg", StringComparison.Ordinal)), 1, 5), Patience);
        using var again = await RestartAsync();
        var probe = CreateTestProbe(again);
        Assert.Equal((0, written), await CountAsync("p"));
        Assert.Equal((0, 1L), await CountAsync("quiet"));

        async Task<(int, long)> CountAsync(string id)
        {
            var (events, highest) = await ReplayAsync(JournalOf(again), probe, id);
            return (events.Count, highest);
        }
    }
}
