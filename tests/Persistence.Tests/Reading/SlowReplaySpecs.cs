using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Reading;

/// <summary>What happens while a replay waits for its actor, whose mailbox is full.</summary>
public sealed class SlowReplaySpecs(ITestOutputHelper output) : JournalSpec(output, """
    akka.persistence.aio-store.read { replay-window = 100, parallel-replays = 1 }
    """)
{
    // Three segments, and the footer of the first has more pages than one read brings.
    private const int Events = 20_000;

    private readonly byte[] _payload = new byte[100];
    private readonly SemaphoreSlim _goOn = new(0);

    [Fact]
    public async Task It_goes_on_behind_a_write_that_has_failed_meanwhile()
    {
        await ReplayIntoSlowActorAsync();
        using (Disk.Writes().Times(1).Fail(Errno.EIO))
        {
            Write(Atomic("other", 1, 1));
            await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        }

        await WriteAndAwaitAsync("other", 1, 1); // the journal is open again
        _goOn.Release(Events);
        Assert.Equal(Events, (await Actor.ExpectMsgAsync<RecoverySuccess>(Patience)).HighestSequenceNr);
        Assert.Equal(Range(1, Events), Slow.Replayed);
    }

    [Fact]
    public async Task Another_one_has_its_turn()
    {
        await WriteAndAwaitAsync("other", 1, 1);
        await ReplayIntoSlowActorAsync();
        Assert.Single((await ReplayAsync("other")).Events);
        _goOn.Release(Events);
        await Actor.ExpectMsgAsync<RecoverySuccess>(Patience);
        Assert.Equal(Range(1, Events), Slow.Replayed);
    }

    [Fact]
    public async Task It_ends_with_its_actor()
    {
        var slow = await ReplayIntoSlowActorAsync();
        Sys.EventStream.Subscribe(Actor.Ref, typeof(AllDeadLetters));
        await AwaitAssertAsync(() => Assert.Empty(Disk.RunningOperations), Patience);
        Disk.ForgetOperations();
        slow.Stop(); // it has this before it goes on, which Sys.Stop does not say
        _goOn.Release(1);
        await Actor.FishForMessageAsync(message => message is AllDeadLetters { Message: ReplayMessagesFailure }, Patience);
        Assert.DoesNotContain(Disk.Operations, operation => operation.Kind == DiskOperationKind.Read);
    }

    [Fact]
    public async Task It_fails_when_the_journal_stops_and_leaves_nothing_open()
    {
        await ReplayIntoSlowActorAsync();
        Sys.Stop(Journal);
        _goOn.Release(Events);
        Assert.IsType<AioAbortedException>((await Actor.ExpectMsgAsync<ReplayMessagesFailure>(Patience)).Cause);
        await Disk.ExpectNoLeaks(Sys);
    }

    protected override void AfterAll()
    {
        _goOn.Release(Events);
        base.AfterAll();
        _goOn.Dispose();
    }

    // The replay waits for the actor, which has more in its mailbox than the window.
    private async Task<ActorRefWithCell> ReplayIntoSlowActorAsync()
    {
        for (var nr = 1; nr <= Events; nr += 1000)
        {
            Write(Atomic("p", nr, nr + 999, payload: _ => _payload));
            await Actor.ReceiveNAsync(1001, Patience).ToListAsync();
        }

        await AwaitAssertAsync(
            () => Assert.NotNull(FooterHeader.Read(Disk.ReadAllBytes("/store/events/0000000002.seg").AsSpan(1 << 20))), Patience);
        Slow.Replayed.Clear();
        var (goOn, observer) = (_goOn, Actor.Ref);
        var slow = (ActorRefWithCell)Sys.ActorOf(Props.Create(() => new Slow(goOn, observer)));
        Journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", slow), slow);
        await AwaitConditionAsync(() => Task.FromResult(slow.Underlying.NumberOfMessages >= 100), Patience);
        return slow;
    }

    private sealed class Slow(SemaphoreSlim goOn, IActorRef observer) : UntypedActor
    {
        public static readonly List<long> Replayed = [];

        protected override void OnReceive(object message)
        {
            if (message is ReplayedMessage replayed)
            {
                Replayed.Add(replayed.Persistent.SequenceNr);
                goOn.Wait(Patience);
            }
            else
            {
                observer.Tell(message);
            }
        }
    }
}
