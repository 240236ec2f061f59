using System.Diagnostics;
using Akka.Event;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>Segments whose events are deleted go, the oldest first, whatever fails on the way.</summary>
public sealed class ReclaimSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    [Fact]
    public async Task A_segment_without_a_footer_keeps_those_behind_it_and_loses_no_event()
    {
        // The footer of segment 1 fails for a while; 2 and 3 have one, and all of their events are deleted.
        var footer = Disk.Writes(PathOf(1)).Where(operation => operation.Offset >= 1 << 20).Fail(Errno.EIO);
        await FillAsync("kept", 1, 1);
        await FillAsync("gone", 1, 4);
        await DeleteAllAsync("gone");
        await WriteAndAwaitAsync("other", 1, 1);
        Assert.NotEmpty((await ReplayAsync("kept")).Events);
        footer.Dispose();
        await RestartAndCheckAsync("kept");
    }

    [Fact]
    public async Task A_segment_that_cannot_be_removed_is_tried_again_and_none_goes_before_it()
    {
        await FillAsync("gone", 1, 4);
        var renames = Disk.Renames(PathOf(1)).Fail(Errno.EIO);
        var warnings = CreateTestProbe();
        Sys.EventStream.Subscribe(warnings.Ref, typeof(Warning));
        var since = Stopwatch.GetTimestamp();
        await DeleteAllAsync("gone");
        await warnings.ExpectMsgAsync<Warning>(Patience);
        for (var nr = 1; nr <= 50; nr++)
        {
            await WriteAndAwaitAsync("other", nr, nr);
        }

        Assert.Contains(PathOf(1), Disk.Files);
        Assert.Contains(PathOf(2), Disk.Files);
        var said = 0;
        for (; warnings.HasMessages; said++)
        {
            await warnings.ExpectMsgAsync<Warning>(Patience);
        }

        Assert.InRange(said, 0, Stopwatch.GetElapsedTime(since).TotalSeconds + 1); // once a second, and not with each batch
        renames.Dispose();
        await AwaitAssertAsync(() => Assert.DoesNotContain(PathOf(3), Disk.Files), Patience);
        await RestartAndCheckAsync("other");
    }

    [Fact]
    public async Task An_id_whose_older_segments_are_gone_is_replayed_after_a_restart()
    {
        await FillAsync("p", 1, 1);
        var last = await FillAsync("gone", 1, 1);
        await DeleteAllAsync("p");
        await DeleteAllAsync("gone");
        await AwaitAssertAsync(() => Assert.DoesNotContain(PathOf(1), Disk.Files), Patience);
        Write(Atomic("p", 100_000, 100_000)); // its numbers have a gap, as after a rejection
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        await FillAsync("more", 1, 2);
        using var again = await RestartAsync();
        var (events, highest) = await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p");
        Assert.Equal((100_000L, 100_000L), (Assert.Single(events).SequenceNr, highest));
        Assert.Equal(last, (await ReplayAsync(JournalOf(again), CreateTestProbe(again), "gone")).Highest);
    }

    private static string PathOf(int segment) => $"/store/events/{segment:D10}.seg";

    // Writes until so many more segments have begun.
    private async Task<long> FillAsync(string id, long from, int segments)
    {
        var target = Begun() + segments;
        for (; Begun() < target; from++)
        {
            Write(Atomic(id, from, from, payload: _ => new string('x', 60_000)));
            await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }

        return from - 1;
    }

    // Not those that are being made: they get another name.
    private int Begun() => Disk.Files.Count(
        path => path.Contains("events/0", StringComparison.Ordinal) && path.EndsWith(".seg", StringComparison.Ordinal) &&
                Disk.ReadAllBytes(path)[0] == 'A');

    private async Task DeleteAllAsync(string id)
    {
        Journal.Tell(new DeleteMessagesTo(id, long.MaxValue, Actor.Ref), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
    }

    private async Task RestartAndCheckAsync(string id)
    {
        var before = (await ReplayAsync(id)).Events.Select(stored => stored.SequenceNr).ToArray();
        using var again = await RestartAsync();
        Assert.Equal(before, (await ReplayAsync(JournalOf(again), CreateTestProbe(again), id)).Events.Select(stored => stored.SequenceNr));
    }
}
