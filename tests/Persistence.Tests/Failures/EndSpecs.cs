using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Akka.TestKit;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>The journal stops, or its actor system ends: what is under way is answered, and that is no error.</summary>
public sealed class EndSpecs : JournalSpec
{
    private readonly ActorSystem _outside = ActorSystem.Create("outside", "akka.loglevel = OFF, akka.stdout-loglevel = OFF");
    private readonly TestProbe _observer; // outlives the system
    private readonly TestProbe _loud; // gets its warnings and errors

    public EndSpecs(ITestOutputHelper output)
        : base(output, """
            akka.io.aio.drain-timeout = 200ms
            akka.persistence.journal {
              second { class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence" }
              third { class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence" }
            }
            """)
    {
        _observer = CreateTestProbe(_outside);
        _loud = CreateTestProbe(_outside);
        Sys.EventStream.Subscribe(_loud.Ref, typeof(Warning));
        Sys.EventStream.Subscribe(_loud.Ref, typeof(Error));
    }

    [Fact]
    public async Task The_end_of_a_system_with_an_idle_journal_and_snapshot_store_is_no_error()
    {
        await WriteAndAwaitAsync("p", 1, 10);
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 10, DateTime.UtcNow), "state"), Actor.Ref);
        await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        await ReplayAsync("p");
        await Sys.Terminate();
        await ExpectNothingSaidAsync();
    }

    [Fact]
    public async Task Each_write_around_the_end_of_a_system_is_answered_and_none_is_an_error()
    {
        const int InFlight = 100;
        var journal = Journal;
        Sys.EventStream.Subscribe(_observer.Ref, typeof(DeadLetter)); // the answer of an actor that is gone
        Task? ending = null;
        var (sent, stored, failed, told) = (0L, 0L, 0L, 0L);
        for (var i = 0; i < InFlight; i++)
        {
            WriteNext();
        }

        while (stored + failed + told < sent)
        {
            switch (await _observer.ExpectMsgAsync<object>(Patience))
            {
                case WriteMessageSuccess:
                    stored++;
                    break;
                case WriteMessageFailure:
                    failed++;
                    break;
                case DeadLetter { Message: WriteMessages }:
                    told++;
                    break;
                default:
                    continue;
            }

            ending ??= stored == 1000 ? Sys.Terminate() : null;
            if (ending is not { IsCompleted: true })
            {
                WriteNext();
            }
        }

        await ending!;
        Output.WriteLine($"{sent} writes: {stored} stored, {failed} failed, {told} told to nobody");
        await ExpectNothingSaidAsync();
        Assert.False(_observer.HasMessages);

        void WriteNext()
        {
            sent++;
            journal.Tell(new WriteMessages([Atomic($"p{sent % 50}", sent, sent)], _observer.Ref, 1), _observer.Ref);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Writes_and_replays_that_wait_for_the_disk_are_answered_when_the_journal_stops(bool isSystemEnd)
    {
        await WriteAndAwaitAsync("p", 1, 1);
        var journal = Journal;
        using var held = Disk.Writes().Hold();
        journal.Tell(new WriteMessages([Atomic("p", 2, 3)], _observer.Ref, 7), _observer.Ref);
        await held.WhenHit();
        journal.Tell(new WriteMessages([new Deferred("deferred", _observer.Ref)], _observer.Ref, 7), _observer.Ref);
        journal.Tell(new DeleteMessagesTo("p", 1, _observer.Ref), _observer.Ref);
        journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", _observer.Ref), _observer.Ref);
        await journal.Ask<JournalHealthCheckResponse>(new CheckJournalHealth(default), Patience); // it has all of them
        if (isSystemEnd)
        {
            await Sys.Terminate();
        }
        else
        {
            Sys.Stop(journal);
        }

        var failed = await _observer.ExpectMsgAsync<WriteMessagesFailed>(Patience);
        Assert.Equal(1, failed.WriteCount);
        Assert.Equal(2, (await _observer.ExpectMsgAsync<WriteMessageFailure>(Patience)).Persistent.SequenceNr);
        Assert.Equal(3, (await _observer.ExpectMsgAsync<WriteMessageFailure>(Patience)).Persistent.SequenceNr);
        var last = new List<object>();
        while (last.Count < 4)
        {
            last.Add(await _observer.ExpectMsgAsync<object>(Patience));
        }

        Assert.Equal(0, Assert.Single(last.OfType<WriteMessagesFailed>()).WriteCount); // of the deferred one
        Assert.Single(last.OfType<LoopMessageSuccess>());
        Assert.Single(last.OfType<DeleteMessagesFailure>());
        Assert.Single(last.OfType<ReplayMessagesFailure>());
        held.Release();
        await ExpectNothingSaidAsync(isDiskStuck: true);
        Assert.False(_observer.HasMessages);
    }

    [Fact]
    public async Task A_journal_that_follows_one_with_a_write_in_flight_waits_until_it_has_landed()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        var (first, second) = (Journal, Other("second"));
        second.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", Actor.Ref), Actor.Ref);
        Assert.IsType<AioLogLockedException>((await Actor.ExpectMsgAsync<ReplayMessagesFailure>(Patience)).Cause); // both at once
        using var held = Disk.Writes().Times(1).Hold();
        first.Tell(new WriteMessages([Atomic("p", 2, 3)], _observer.Ref, 7), _observer.Ref);
        await held.WhenHit();
        Sys.Stop(first);
        await _observer.ExpectMsgAsync<WriteMessagesFailed>(Patience);
        var third = Other("third");
        third.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", Actor.Ref), Actor.Ref);
        await Actor.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(200));
        held.Release();
        Assert.Equal([1, 2, 3], (await RepliesAsync()).Select(stored => stored.SequenceNr));

        IActorRef Other(string name) => Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor($"akka.persistence.journal.{name}");

        async Task<List<IPersistentRepresentation>> RepliesAsync()
        {
            var events = new List<IPersistentRepresentation>();
            while (await Actor.ExpectMsgAsync<object>(Patience) is ReplayedMessage replayed)
            {
                events.Add(replayed.Persistent);
            }

            return events;
        }
    }

    [Fact]
    public async Task Saves_that_wait_for_the_disk_are_answered_when_the_snapshot_store_stops()
    {
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 1, DateTime.UtcNow), "state"), Actor.Ref);
        await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        using var held = Disk.Writes().Hold();
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 2, DateTime.UtcNow), "state"), _observer.Ref);
        await held.WhenHit();
        Sys.Stop(await Sys.ActorSelection(Snapshots.Path / "log").ResolveOne(Patience));
        await _observer.ExpectMsgAsync<SaveSnapshotFailure>(Patience);
        held.Release();
    }

    [Fact]
    public async Task Appends_that_wait_for_the_disk_are_answered_when_the_log_stops()
    {
        var settings = new AioLogSettings { SegmentSize = 1 << 20, BufferSize = 64 << 10, MaxAppend = 1 << 20, Pipeline = 1 };
        var log = await AioLog.OpenAsync(Sys, "/log", settings);
        await log.AppendAsync(new byte[100]);
        using var held = Disk.Writes().Hold();
        var written = log.AppendAsync(new byte[100]);
        await held.WhenHit();
        var waiting = log.AppendAsync(new byte[100]);
        Sys.Stop(log.Ref);
        var first = await Assert.ThrowsAsync<AioLogAppendException>(() => written.WaitAsync(Patience));
        Assert.Equal(AioOutcome.MayHaveHappened, first.Outcome);
        var second = await Assert.ThrowsAsync<AioLogAppendException>(() => waiting.WaitAsync(Patience));
        Assert.Equal(AioOutcome.NotPerformed, second.Outcome);
        var late = await Assert.ThrowsAsync<AioLogAppendException>(() => log.AppendAsync(new byte[100]).WaitAsync(Patience));
        Assert.Equal(AioOutcome.NotPerformed, late.Outcome);
        await Assert.ThrowsAsync<AioClosedException>(async () => await log.ReadAsync().GetAsyncEnumerator().MoveNextAsync());
        held.Release();
        await ExpectNothingSaidAsync();
    }

    // Of operations that the disk keeps AkkaAio itself speaks.
    private async Task ExpectNothingSaidAsync(bool isDiskStuck = false)
    {
        while (_loud.HasMessages)
        {
            var said = await _loud.ExpectMsgAsync<LogEvent>(Patience);
            Assert.True(isDiskStuck && said.LogClass == typeof(AioExt), $"{said}");
        }
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _outside.Terminate().Wait(Patience);
    }
}
