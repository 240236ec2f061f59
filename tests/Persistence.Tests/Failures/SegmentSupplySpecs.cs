using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>The next segment is being filled with zeros while something else happens: they never land in what was written.</summary>
public sealed class SegmentSupplySpecs(ITestOutputHelper output) : JournalSpec(output, """
    akka.persistence.journal.second { class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence" }
    """)
{
    private const string Made = "/store/events/0000000002.seg.new";
    private const int EventsOfTwoSegments = 32;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task Zeros_that_were_under_way_when_a_write_failed_do_not_land_in_the_segment_that_follows()
    {
        using var zeros = Disk.Writes(Made).Where(write => write.Offset == 1 << 19).Times(1).Hold();
        var next = await FillHalfAsync(1);
        await zeros.WhenHit();
        using (Disk.Writes("0000000001.seg").Times(1).Fail(Errno.EIO))
        {
            Write(Event(next));
            await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        }

        // Until the log waits for its next segment, or has filled it.
        var isWaiting = false;
        for (; !isWaiting && next <= EventsOfTwoSegments; next++)
        {
            Write(Event(next));
            isWaiting = await Actor.ReceiveOneAsync(Moment) is null;
            _ = isWaiting || await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience) is not null;
        }

        zeros.Release();
        if (isWaiting)
        {
            await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }

        await AwaitAssertAsync(() => Assert.DoesNotContain(Disk.RunningOperations, running => running.Path == Made), Patience);
        using var again = await RestartAsync();
        var (events, _) = await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p");
        Assert.Equal(Range(1, next - 1), events.Select(stored => stored.SequenceNr));
    }

    [Fact]
    public async Task A_journal_that_follows_one_with_zeros_under_way_waits_until_they_have_landed()
    {
        using var zeros = Disk.Writes(Made).Where(write => write.Offset == 1 << 19).Times(1).Hold();
        var next = await FillHalfAsync(1);
        await zeros.WhenHit();
        await Actor.WatchAsync(Journal);
        Sys.Stop(Journal);
        await Actor.ExpectTerminatedAsync(Journal, Patience);
        var second = Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor("akka.persistence.journal.second");
        second.Tell(new ReplayMessages(next, next, 1, "p", Actor.Ref), Actor.Ref);
        await Actor.ExpectNoMsgAsync(Moment);
        zeros.Release();
        Assert.Equal(next - 1, (await Actor.ExpectMsgAsync<RecoverySuccess>(Patience)).HighestSequenceNr);
    }

    private AtomicWrite Event(long nr) => Atomic("p", nr, nr, payload: _ => new string('x', 60_000));

    // From then on the next segment is made.
    private async Task<long> FillHalfAsync(long next)
    {
        for (; next <= 10; next++)
        {
            Write(Event(next));
            await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }

        return next;
    }
}
