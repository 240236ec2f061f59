using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>The protocol has no demand: a replay looks at its actor's mailbox.</summary>
public sealed class BackpressureSpecs(ITestOutputHelper output) : JournalSpec(output, "akka.persistence.aio-store.read.replay-window = 100")
{
    private const int Events = 16_000;

    [Fact]
    public async Task A_replay_waits_for_an_actor_that_is_slow_and_then_goes_on()
    {
        const int Between = 256; // looks at the mailbox
        using var goOn = new SemaphoreSlim(0);
        var slow = await ReplayIntoSlowActorAsync(goOn);
        var (most, rounds) = (0, 0);
        while (rounds++ < 20)
        {
            goOn.Release(200);
            await Task.Delay(5); // no event says that a replay does nothing more
            most = Math.Max(most, slow.Underlying.NumberOfMessages);
        }

        Assert.InRange(most, 1, 100 + Between + 1);
        goOn.Release(Events);
        Assert.Equal(Events, await Actor.ExpectMsgAsync<int>(Patience));
    }

    [Fact]
    public async Task A_replay_that_waits_has_the_next_batches_read_and_reads_none_twice()
    {
        using var goOn = new SemaphoreSlim(0);
        await ReplayIntoSlowActorAsync(goOn);
        await AwaitAssertAsync(() => Assert.Equal(2, ReadsOfBatches().Length), Patience);
        goOn.Release(Events);
        Assert.Equal(Events, await Actor.ExpectMsgAsync<int>(Patience));
        Assert.InRange(ReadsOfBatches().Length, 3, 5);
        Assert.Distinct(ReadsOfBatches().Select(read => read.Offset));
    }

    private DiskOperation[] ReadsOfBatches() =>
        [.. Disk.Operations.Where(operation => operation is { Kind: DiskOperationKind.Read, Length: 256 << 10 })];

    // The replay waits for the actor, which has more in its mailbox than the window.
    private async Task<ActorRefWithCell> ReplayIntoSlowActorAsync(SemaphoreSlim goOn)
    {
        for (var nr = 1; nr <= Events; nr += 500)
        {
            await WriteAndAwaitAsync("p", nr, nr + 499);
        }

        Disk.ForgetOperations();
        var observer = Actor.Ref;
        var slow = (ActorRefWithCell)Sys.ActorOf(Props.Create(() => new Slow(goOn, observer)));
        Journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", slow), slow);
        await AwaitConditionAsync(() => Task.FromResult(slow.Underlying.NumberOfMessages >= 100), Patience);
        return slow;
    }

    private sealed class Slow(SemaphoreSlim goOn, IActorRef observer) : UntypedActor
    {
        private int _replayed;

        protected override void OnReceive(object message)
        {
            if (message is ReplayedMessage)
            {
                _replayed++;
                goOn.Wait(Patience);
            }
            else
            {
                observer.Tell(_replayed);
            }
        }
    }
}
