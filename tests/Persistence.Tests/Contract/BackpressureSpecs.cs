using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>The protocol has no demand: a replay looks at its actor's mailbox.</summary>
public sealed class BackpressureSpecs(ITestOutputHelper output) : JournalSpec(output, "akka.persistence.aio-store.read.replay-window = 100")
{
    [Fact]
    public async Task A_replay_waits_for_an_actor_that_is_slow_and_then_goes_on()
    {
        const int Events = 5000;
        const int Between = 256; // looks at the mailbox
        for (var nr = 1; nr <= Events; nr += 500)
        {
            await WriteAndAwaitAsync("p", nr, nr + 499);
        }

        using var goOn = new SemaphoreSlim(0);
        var observer = Actor.Ref;
        var slow = (ActorRefWithCell)Sys.ActorOf(Props.Create(() => new Slow(goOn, observer)));
        Journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", slow), slow);
        await AwaitConditionAsync(() => Task.FromResult(slow.Underlying.NumberOfMessages >= 100), Patience);
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
