using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>A write or a barrier that fails, and what a start does before it answers anything.</summary>
public sealed class WriteFailureSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    private const string First = "/store/events/0000000001.seg";

    [Fact]
    public async Task After_a_failed_write_nothing_is_answered_before_it_is_known_what_is_in_the_log()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        using var flush = Disk.Flushes(First).Hold();
        using (Disk.Writes(First).Times(1).Fail(Errno.EIO))
        {
            Write(Atomic("p", 2, 3), Atomic("p", 4, 4));
            Assert.Equal(2, (await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience)).WriteCount);
            for (var nr = 2; nr <= 4; nr++)
            {
                await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
            }
        }

        Journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", Actor.Ref), Actor.Ref);
        await flush.WhenHit();
        Assert.False(Actor.HasMessages);
        flush.Dispose();
        Assert.Equal(1, (await Actor.ExpectMsgAsync<ReplayedMessage>(Patience)).Persistent.SequenceNr);
        Assert.Equal(1, (await Actor.ExpectMsgAsync<RecoverySuccess>(Patience)).HighestSequenceNr);
        await WriteAndAwaitAsync("p", 2, 2);
        using var again = await RestartAsync();
        Assert.Equal(2, (await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p")).Events.Count);
    }

    [Fact]
    public async Task A_disk_that_goes_on_failing_fails_requests_at_once_and_they_go_on_when_it_works_again()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        using (Disk.Writes().Fail(Errno.EIO))
        {
            for (var i = 0; i < 5; i++)
            {
                Write(Atomic("p", 2, 2));
                var failed = await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience);
                Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(failed.Cause).Errno);
                await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
            }
        }

        await AwaitAssertAsync(async () => Assert.Single((await ReplayAsync("p")).Events), Patience);
        await WriteAndAwaitAsync("p", 2, 2);
    }

    [Fact]
    public async Task A_start_flushes_what_it_has_found_before_it_answers()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        using var again = await RestartAsync();
        using var flush = Disk.Flushes(First).Hold();
        var probe = CreateTestProbe(again);
        JournalOf(again).Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", probe.Ref), probe.Ref);
        await flush.WhenHit();
        Assert.False(probe.HasMessages);
        flush.Dispose();
        await probe.ExpectMsgAsync<ReplayedMessage>(Patience);
    }
}
