using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>A disk without space for another segment.</summary>
public sealed class FullDiskSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    [Fact]
    public async Task Writes_fail_typed_replays_go_on_and_with_space_it_goes_on_without_a_restart()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        Disk.Capacity = Disk.UsedBytes + (1 << 19);
        var written = 1L;
        Exception? failure = null;
        while (failure is null)
        {
            Write(Atomic("p", written + 1, written + 1, payload: _ => new string('x', 30_000)));
            switch (await Actor.ExpectMsgAsync<object>(Patience))
            {
                case WriteMessagesSuccessful:
                    await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
                    written++;
                    break;
                case WriteMessagesFailed failed:
                    failure = failed.Cause;
                    await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
                    break;
            }
        }

        Assert.Equal(Errno.ENOSPC, Assert.IsType<AioSystemException>(failure).Errno);
        var (events, highest) = await ReplayAsync("p");
        Assert.Equal((written, written), (events.Count, highest));
        Disk.Capacity = null;
        await AwaitAssertAsync(async () =>
        {
            Write(Atomic("p", written + 1, written + 1, payload: _ => new string('x', 30_000)));
            var answer = await Actor.ExpectMsgAsync<object>(Patience);
            await Actor.ExpectMsgAsync<object>(Patience);
            Assert.IsType<WriteMessagesSuccessful>(answer);
        }, Patience, TimeSpan.FromMilliseconds(100));
        Assert.Equal(written + 1, (await ReplayAsync("p")).Highest);
    }
}
