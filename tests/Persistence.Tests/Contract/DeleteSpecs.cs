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
