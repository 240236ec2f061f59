using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Reading;

/// <summary>Replays of a segment that has been another one: behind its last batch are batches of that one, and they are intact.</summary>
public sealed class RecycledSegmentSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    [Fact]
    public async Task Replays_find_what_was_written_behind_the_end_that_earlier_replays_have_read()
    {
        for (var nr = 1; !HasBegun(2); nr++)
        {
            await WriteAndAwaitAsync("old", nr, nr);
        }

        Journal.Tell(new DeleteMessagesTo("old", long.MaxValue, Actor.Ref), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
        await AwaitAssertAsync(() => Assert.Contains("/store/events/spare-0000000001.seg", Disk.Files), Patience);
        for (var nr = 1; !HasBegun(3); nr++)
        {
            await WriteAndAwaitAsync("new", nr, nr);
        }

        for (var nr = 1; nr <= 5; nr++)
        {
            await WriteAndAwaitAsync("p", nr, nr);
            Assert.Equal(Range(1, nr), (await ReplayAsync("p")).Events.Select(stored => stored.SequenceNr));
        }
    }

    // The number in the header: a recycled file has that of the segment it was.
    private bool HasBegun(byte segment) =>
        Disk.Files.Contains($"/store/events/{segment:D10}.seg") &&
        Disk.ReadAllBytes($"/store/events/{segment:D10}.seg") is [(byte)'A', ..] bytes && bytes[48] == segment;
}
