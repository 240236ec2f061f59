using Akka.Actor;
using Akka.Persistence;
using Akka.TestKit;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>A disk without space for another segment.</summary>
public sealed class FullDiskSpecs(ITestOutputHelper output) : JournalSpec(output, "akka.persistence.aio-store.write.pipeline-from = 0 s")
{
    private const int EventBytes = 30_000;

    private long _written;

    [Fact]
    public async Task Writes_fail_typed_replays_go_on_and_with_space_it_goes_on_without_a_restart()
    {
        await FillAsync(segments: 1);
        var (events, highest) = await ReplayAsync("p");
        Assert.Equal((_written, _written), (events.Count, highest));
        var health = (await Journal.Ask<JournalHealthCheckResponse>(new CheckJournalHealth(default), Patience)).Result;
        Assert.Equal(PersistenceHealthStatus.Degraded, health.Status);
        Disk.Capacity = null;
        await AwaitWriteAsync();
        Assert.Equal(_written, (await ReplayAsync("p")).Highest);
        health = (await Journal.Ask<JournalHealthCheckResponse>(new CheckJournalHealth(default), Patience)).Result;
        Assert.Equal(PersistenceHealthStatus.Healthy, health.Status);
    }

    [Fact]
    public async Task A_delete_is_taken_its_space_comes_back_and_writes_go_on_without_a_restart()
    {
        await FillAsync(segments: 3);
        Assert.Equal(_written, (await DeleteAsync(Journal, _written, Actor)).ToSequenceNr);
        Assert.Empty((await ReplayAsync("p")).Events);
        await AwaitWriteAsync();
        Assert.Equal([_written], (await ReplayAsync("p")).Events.Select(stored => stored.SequenceNr));
        await CheckAfterRestartAsync([_written]);
    }

    [Fact]
    public async Task A_store_that_is_opened_on_a_full_disk_is_read_and_takes_deletes()
    {
        await FillAsync(segments: 3);
        using var again = await RestartAsync();
        var probe = CreateTestProbe(again);
        Assert.Equal(_written, (await ReplayAsync(JournalOf(again), probe, "p")).Events.Count);
        await DeleteAsync(JournalOf(again), _written - 1, probe);
        Assert.Single((await ReplayAsync(JournalOf(again), probe, "p")).Events);
    }

    [Fact]
    public async Task Deletes_beyond_what_is_kept_for_them_fail_typed_and_what_was_answered_stays()
    {
        await FillAsync(segments: 1);
        var deletedTo = 0L;
        while (await TellDeleteAsync(Journal, deletedTo + 1, Actor) is DeleteMessagesSuccess success)
        {
            deletedTo = success.ToSequenceNr;
            Assert.Equal(Errno.ENOSPC, ErrnoOf((await WriteOneAsync())!)); // fails, each one between two deletes
        }

        Assert.InRange(deletedTo, 16, _written - 1); // 1/16 of a segment of 1 MiB, and what was too little for the write
        Assert.Equal(_written - deletedTo, (await ReplayAsync("p")).Events.Count);
        Disk.Capacity = null; // nothing is left for the fence of a start
        await CheckAfterRestartAsync(Range(deletedTo + 1, _written));
    }

    [Fact]
    public async Task What_is_under_way_is_in_the_way_of_a_second_writer_after_a_write_behind_it_failed()
    {
        await FillAsync(segments: 1);
        using var hold = Disk.Writes().Hold();
        Write(Atomic("q", 1, 1));
        await AwaitConditionAsync(() => Task.FromResult(hold.Held.Count > 0), Patience);
        Write(Atomic("q", 2, 2, payload: _ => new string('x', EventBytes)));
        Assert.Equal(Errno.ENOSPC, ErrnoOf((await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience)).Cause));
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);

        Write(Atomic("q", 1, 1, writer: "second"));
        Assert.IsType<AioSequenceConflictException>((await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience)).Cause);
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        hold.Release();
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        Assert.Equal(["w"], (await ReplayAsync("q")).Events.Select(stored => stored.WriterGuid));
    }

    [Fact]
    public async Task The_first_half_of_a_write_is_in_the_way_of_a_second_writer_after_its_second_half_failed()
    {
        await FillAsync(segments: 1);
        using var hold = Disk.Writes().Hold();
        Write(Atomic("q", 1, 1), Atomic("q", 2, 2, payload: _ => new string('x', 66_000)));
        await AwaitConditionAsync(() => Task.FromResult(hold.Held.Count > 0), Patience);
        await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);

        Write(Atomic("q", 1, 1, writer: "second"));
        Assert.IsType<AioSequenceConflictException>((await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience)).Cause);
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        hold.Release();
        Assert.Equal(["w"], (await ReplayAsync("q")).Events.Select(stored => stored.WriterGuid));
    }

    [Fact]
    public async Task A_write_of_which_both_halves_failed_is_in_nobodys_way()
    {
        await FillAsync(segments: 1);
        var large = new string('x', 66_000);
        Write(Atomic("q", 1, 1, payload: _ => large), Atomic("q", 2, 2, payload: _ => large));
        Assert.Equal(Errno.ENOSPC, ErrnoOf((await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience)).Cause));
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        await WriteAndAwaitAsync("q", 1, 1);
    }

    [Fact]
    public async Task Each_of_many_writes_is_answered()
    {
        await FillAsync(segments: 1);
        var probes = Enumerable.Range(0, 30).Select(_ => CreateTestProbe()).ToArray();
        for (var i = 0; i < probes.Length; i++)
        {
            var write = Atomic($"q{i}", 1, 1, payload: _ => new string('x', 60_000));
            Journal.Tell(new WriteMessages([write], probes[i].Ref, 1), probes[i].Ref);
        }

        foreach (var probe in probes)
        {
            await probe.ExpectMsgAsync<WriteMessagesFailed>(Patience);
        }
    }

    [Fact]
    public async Task What_waits_for_a_write_is_answered_as_ever_when_that_write_fails()
    {
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 1, DateTime.UtcNow), "state"), Actor.Ref);
        await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        await FillAsync(segments: 1);
        do
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("f", 1, DateTime.UtcNow), new string('x', EventBytes)), Actor.Ref);
        }
        while (await Actor.ExpectMsgAsync<object>(Patience) is SaveSnapshotSuccess);

        var (replayer, deferrer, deleter, loader) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        for (var i = 1; i <= 20; i++)
        {
            // The journal has all of it before it hears that there is no segment, unless its thread is faster than this one each time.
            Write(Atomic("q", 1, 1, payload: _ => new string('x', 60_000)));
            Journal.Tell(new ReplayMessages(1, 1, 1, "p", replayer.Ref), replayer.Ref);
            Journal.Tell(new WriteMessages([new Deferred(i, deferrer.Ref)], deferrer.Ref, 1), deferrer.Ref);
            Journal.Tell(new DeleteMessagesTo("nothing", 7, deleter.Ref), deleter.Ref);
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("q", 1, DateTime.UtcNow), new string('x', 60_000)), Actor.Ref);
            Snapshots.Tell(new LoadSnapshot("p", SnapshotSelectionCriteria.Latest, long.MaxValue), loader.Ref);
            Assert.Equal(1, (await replayer.ExpectMsgAsync<ReplayedMessage>(Patience)).Persistent.SequenceNr);
            Assert.Equal(_written, (await replayer.ExpectMsgAsync<RecoverySuccess>(Patience)).HighestSequenceNr);
            await deferrer.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
            Assert.Equal(i, (await deferrer.ExpectMsgAsync<LoopMessageSuccess>(Patience)).Message);
            Assert.Equal(7, (await deleter.ExpectMsgAsync<DeleteMessagesSuccess>(Patience)).ToSequenceNr);
            Assert.NotNull((await loader.ExpectMsgAsync<LoadSnapshotResult>(Patience)).Snapshot);
            await Actor.FishForMessageAsync<SaveSnapshotFailure>(_ => true, Patience);
        }
    }

    private static Errno ErrnoOf(Exception cause) => Assert.IsType<AioSystemException>(cause).Errno;

    // Writes until the disk is full, with so many segments behind the one that is written to.
    private async Task FillAsync(int segments)
    {
        while (Disk.Files.Count(path => path.Contains("events/0", StringComparison.Ordinal)) < segments)
        {
            Assert.Null(await WriteOneAsync());
        }

        Disk.Capacity = Disk.UsedBytes + (1 << 19);
        Exception? failure = null;
        while (failure is null)
        {
            failure = await WriteOneAsync();
        }

        Assert.Equal(Errno.ENOSPC, ErrnoOf(failure));
    }

    private async Task<Exception?> WriteOneAsync()
    {
        Write(Atomic("p", _written + 1, _written + 1, payload: _ => new string('x', EventBytes)));
        var answer = await Actor.ExpectMsgAsync<object>(Patience);
        await Actor.ExpectMsgAsync<object>(Patience);
        _written += answer is WriteMessagesSuccessful ? 1 : 0;
        return (answer as WriteMessagesFailed)?.Cause;
    }

    private Task AwaitWriteAsync() => AwaitAssertAsync(
        async () => Assert.Null(await WriteOneAsync()), Patience, TimeSpan.FromMilliseconds(100));

    private static async Task<DeleteMessagesSuccess> DeleteAsync(IActorRef journal, long to, TestProbe probe) =>
        Assert.IsType<DeleteMessagesSuccess>(await TellDeleteAsync(journal, to, probe));

    private static async Task<object> TellDeleteAsync(IActorRef journal, long to, TestProbe probe)
    {
        journal.Tell(new DeleteMessagesTo("p", to, probe.Ref), probe.Ref);
        return await probe.ExpectMsgAsync<object>(Patience);
    }

    private async Task CheckAfterRestartAsync(IEnumerable<long> expected)
    {
        using var again = await RestartAsync();
        var (events, _) = await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p");
        Assert.Equal(expected, events.Select(stored => stored.SequenceNr));
    }
}
