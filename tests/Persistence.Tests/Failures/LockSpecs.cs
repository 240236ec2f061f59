using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>Two that want one folder, and a log that is closed.</summary>
public sealed class LockSpecs(ITestOutputHelper output) : JournalSpec(output, """
    akka.persistence {
      journal.other { class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence", store = "akka.persistence.other-store" }
      snapshot-store.other {
        class = "AkkaAio.Persistence.AioSnapshotStore, AkkaAio.Persistence", store = "akka.persistence.other-store"
      }
      other-store { dir = "/store", segment-size = 1 MiB, write.buffer = 64 KiB, write.max-atomic-write = 1 MiB, zero-rate = 0 }
    }
    """)
{
    private static readonly AioLogSettings Small = new() { SegmentSize = 1 << 20, BufferSize = 64 << 10, MaxAppend = 1 << 20 };

    [Fact]
    public async Task Plugins_with_a_store_section_each_and_one_folder_are_refused_but_the_first()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        var persistence = Akka.Persistence.Persistence.Instance.Apply(Sys);
        var other = persistence.JournalFor("akka.persistence.journal.other");
        Assert.Contains("/store/LOCK", (await Assert.ThrowsAsync<AioLogLockedException>(() => ReplayAsync(other, Actor, "p"))).Message,
            StringComparison.Ordinal);
        persistence.SnapshotStoreFor("akka.persistence.snapshot-store.other")
            .Tell(new SaveSnapshot(new SnapshotMetadata("p", 1, DateTime.UtcNow), "state"), Actor.Ref);
        Assert.IsType<AioLogLockedException>((await Actor.ExpectMsgAsync<SaveSnapshotFailure>(Patience)).Cause);
        await WriteAndAwaitAsync("p", 2, 2);
    }

    [Fact]
    public async Task Another_system_is_refused_until_the_last_write_of_a_journal_that_has_stopped_has_landed()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        using var held = Disk.Writes().Times(1).Hold();
        Write(Atomic("p", 2, 3));
        await held.WhenHit();
        Sys.Stop(Journal);
        await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience);
        using var second = ActorSystem.Create("second", SetupOf(Hocon, Disk));
        var probe = CreateTestProbe(second);
        await Assert.ThrowsAsync<AioLogLockedException>(() => ReplayAsync(JournalOf(second), probe, "p"));
        held.Release();
        await AwaitAssertAsync(async () => Assert.Equal(3, (await ReplayAsync(JournalOf(second), probe, "p")).Events.Count), Patience);
        await second.Terminate();
    }

    [Fact]
    public async Task A_log_is_refused_until_the_last_write_of_one_that_has_stopped_has_landed()
    {
        var log = await AioLog.OpenAsync(Sys, "/log", Small);
        await log.AppendAsync(new byte[100]);
        using var held = Disk.Writes().Times(1).Hold();
        var last = log.AppendAsync(new byte[200]);
        await held.WhenHit();
        Sys.Stop(log.Ref);
        Assert.Equal(AioOutcome.MayHaveHappened, (await Assert.ThrowsAsync<AioLogAppendException>(() => last.WaitAsync(Patience))).Outcome);
        for (var i = 0; i < 10; i++)
        {
            await Assert.ThrowsAsync<AioLogLockedException>(() => AioLog.OpenAsync(Sys, "/log", Small).WaitAsync(Patience));
        }

        held.Release();
        await AwaitAssertAsync(
            async () =>
            {
                await using var next = await AioLog.OpenAsync(Sys, "/log", Small);
                Assert.Equal([100, 200], await next.ReadAsync().Select(record => record.Data.Length).ToListAsync());
            },
            Patience);
    }

    [Fact]
    public async Task A_closed_log_refuses_at_once_and_can_be_opened_again()
    {
        var log = await AioLog.OpenAsync(Sys, "/log", Small);
        var position = await log.AppendAsync(new byte[100]);
        var reading = log.ReadAsync();
        await log.DisposeAsync().AsTask().WaitAsync(Patience);
        for (var i = 0; i < 2; i++)
        {
            var refused = await Assert.ThrowsAsync<AioLogAppendException>(() => log.AppendAsync(new byte[100]).WaitAsync(Patience));
            Assert.Equal(AioOutcome.NotPerformed, refused.Outcome);
            Assert.Contains("/log", refused.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<AioClosedException>(() => reading.CountAsync().AsTask().WaitAsync(Patience));
            await log.DisposeAsync().AsTask().WaitAsync(Patience);
        }

        await using (var again = await AioLog.OpenAsync(Sys, "/log", Small).WaitAsync(Patience))
        {
            Assert.Equal(position, (await again.ReadAsync().SingleAsync()).Position);
            await Sys.Terminate();
            await Assert.ThrowsAsync<AioLogAppendException>(() => again.AppendAsync(new byte[100]).WaitAsync(Patience));
        }

        await Assert.ThrowsAnyAsync<Exception>(() => AioLog.OpenAsync(Sys, "/log", Small).WaitAsync(Patience));
    }
}
