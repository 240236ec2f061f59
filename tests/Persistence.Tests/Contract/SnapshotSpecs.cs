using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Fsm;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>What the snapshot store answers, and keeps.</summary>
public abstract class SnapshotSpecs(ITestOutputHelper output, Fixture fixture) : JournalSpec(output, fixture: fixture)
{
    private static readonly DateTime Time = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    [Fact]
    public async Task A_save_is_answered_with_its_metadata_and_one_without_a_time_gets_one()
    {
        var before = DateTime.UtcNow;
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 3, DateTime.MinValue), "three"), Actor.Ref);
        var saved = (await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience)).Metadata;
        Assert.Equal(("p", 3L), (saved.PersistenceId, saved.SequenceNr));
        Assert.InRange(saved.Timestamp, before, DateTime.UtcNow);
        Assert.Equal(saved, (await LoadAsync(Snapshots, SnapshotSelectionCriteria.Latest)).Snapshot.Metadata);
    }

    [Theory]
    [InlineData(long.MaxValue, 0, 50)]
    [InlineData(30, 0, 30)]
    [InlineData(35, 0, 30)]
    [InlineData(7, 0, 0)]
    [InlineData(50, 50, 50)]
    [InlineData(49, 41, 0)]
    public async Task The_newest_that_matches_is_loaded(long most, long least, long expected)
    {
        await SaveAsync(10, 20, 30, 40, 50);
        var loaded = await LoadAsync(Snapshots, new SnapshotSelectionCriteria(most, DateTime.MaxValue, least, DateTime.MinValue));
        Assert.Equal(expected, loaded.Snapshot?.Metadata.SequenceNr ?? 0);
        Assert.Equal(expected == 0 ? null : $"state {expected}", loaded.Snapshot?.Snapshot);
        Assert.Equal(long.MaxValue, loaded.ToSequenceNr);
    }

    [Fact]
    public async Task Times_match_to_the_tick_also_after_a_restart()
    {
        await SaveAsync(1, 2, 3);
        using var again = await RestartAsync();
        var store = Akka.Persistence.Persistence.Instance.Apply(again).SnapshotStoreFor(null);
        var probe = CreateTestProbe(again);
        store.Tell(new LoadSnapshot("p", new SnapshotSelectionCriteria(long.MaxValue, Time.AddTicks(2)), long.MaxValue), probe.Ref);
        var loaded = await probe.ExpectMsgAsync<LoadSnapshotResult>(Patience);
        Assert.Equal(new SnapshotMetadata("p", 2, Time.AddTicks(2)), loaded.Snapshot.Metadata);
    }

    [Fact]
    public async Task Of_a_burst_with_one_number_the_last_told_counts_also_after_a_restart()
    {
        for (var i = 0; i < 200; i++)
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 5, Time), $"save {i}"), Actor.Ref);
        }

        for (var i = 0; i < 200; i++)
        {
            await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        }

        Assert.Equal("save 199", (await LoadAsync(Snapshots, SnapshotSelectionCriteria.Latest)).Snapshot.Snapshot);
        using var again = await RestartAsync();
        var probe = CreateTestProbe(again);
        Akka.Persistence.Persistence.Instance.Apply(again).SnapshotStoreFor(null)
            .Tell(new LoadSnapshot("p", SnapshotSelectionCriteria.Latest, long.MaxValue), probe.Ref);
        Assert.Equal("save 199", (await probe.ExpectMsgAsync<LoadSnapshotResult>(Patience)).Snapshot.Snapshot);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(1, false)]
    public async Task One_is_deleted_by_its_number_and_a_time_that_is_not_before_its_own(int ticks, bool isDeleted)
    {
        await SaveAsync(1, 2, 3);
        Snapshots.Tell(new DeleteSnapshot(new SnapshotMetadata("p", 2, ticks == 0 ? DateTime.MinValue : Time.AddTicks(ticks))), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteSnapshotSuccess>(Patience);
        var loaded = await LoadAsync(Snapshots, new SnapshotSelectionCriteria(2));
        Assert.Equal(isDeleted ? 1 : 2, loaded.Snapshot.Metadata.SequenceNr);
        Assert.Equal(3, (await LoadAsync(Snapshots, SnapshotSelectionCriteria.Latest)).Snapshot.Metadata.SequenceNr);
    }

    [Fact]
    public async Task Several_are_deleted_by_criteria_both_ends_included()
    {
        await SaveAsync(1, 2, 3, 4, 5);
        Snapshots.Tell(new DeleteSnapshots("p", new SnapshotSelectionCriteria(4, Time.AddTicks(4), 2, Time.AddTicks(2))), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteSnapshotsSuccess>(Patience);
        Assert.Equal(1, (await LoadAsync(Snapshots, new SnapshotSelectionCriteria(4))).Snapshot.Metadata.SequenceNr);
        Assert.Equal(5, (await LoadAsync(Snapshots, SnapshotSelectionCriteria.Latest)).Snapshot.Metadata.SequenceNr);
    }

    [Fact]
    public async Task Deletes_of_many_ids_go_together_into_one_write()
    {
        string[] ids = [.. Enumerable.Range(0, 50).Select(i => $"id-{i}")];
        foreach (var id in ids)
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata(id, 1, Time), "state"), Actor.Ref);
        }

        await Actor.ReceiveNAsync(ids.Length, Patience).ToListAsync();
        Disk.ForgetOperations();
        foreach (var id in ids)
        {
            Snapshots.Tell(new DeleteSnapshots(id, SnapshotSelectionCriteria.Latest), Actor.Ref);
        }

        await Actor.ReceiveNAsync(ids.Length, Patience).ToListAsync();
        Assert.InRange(Disk.Operations.Count(operation => operation.Kind == DiskOperationKind.Write), 1, 10);
    }

    [Fact]
    public async Task A_delete_deletes_what_was_told_to_be_saved_before_it()
    {
        await SaveAsync(1);
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 2, Time), "state"), Actor.Ref);
        Snapshots.Tell(new DeleteSnapshots("p", SnapshotSelectionCriteria.Latest), Actor.Ref);
        await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        await Actor.ExpectMsgAsync<DeleteSnapshotsSuccess>(Patience);
        Assert.Null((await LoadAsync(Snapshots, SnapshotSelectionCriteria.Latest)).Snapshot);
    }

    [Fact]
    public async Task Nothing_matches_no_criteria_and_an_id_without_snapshots()
    {
        await SaveAsync(1);
        var none = await LoadAsync(Snapshots, SnapshotSelectionCriteria.None);
        Assert.Null(none.Snapshot);
        Snapshots.Tell(new LoadSnapshot("nobody", SnapshotSelectionCriteria.Latest, 17), Actor.Ref);
        var nobody = await Actor.ExpectMsgAsync<LoadSnapshotResult>(Patience);
        Assert.Null(nobody.Snapshot);
        Assert.Equal(17, nobody.ToSequenceNr);
    }

    [Fact]
    public async Task One_with_the_number_of_another_takes_its_place()
    {
        await SaveAsync(1, 2);
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 2, Time.AddTicks(99)), "anew"), Actor.Ref);
        await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        var loaded = (await LoadAsync(Snapshots, SnapshotSelectionCriteria.Latest)).Snapshot;
        Assert.Equal(("anew", Time.AddTicks(99)), (loaded.Snapshot, loaded.Metadata.Timestamp));
        Assert.Equal(1, (await LoadAsync(Snapshots, new SnapshotSelectionCriteria(2, Time.AddTicks(98)))).Snapshot.Metadata.SequenceNr);
    }

    [Fact]
    public async Task A_failed_disk_fails_a_save_and_the_one_before_stays()
    {
        await SaveAsync(1);
        using (Disk.Writes().Times(1).Fail(Errno.EIO))
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 2, Time), "lost"), Actor.Ref);
            var failure = await Actor.ExpectMsgAsync<SaveSnapshotFailure>(Patience);
            Assert.Equal(2, failure.Metadata.SequenceNr);
            Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(failure.Cause).Errno);
        }

        await AwaitAssertAsync(
            async () => Assert.Equal(1, (await LoadAsync(Snapshots, SnapshotSelectionCriteria.Latest)).Snapshot.Metadata.SequenceNr),
            Patience);
        await SaveAsync(3);
    }

    [Fact]
    public async Task Large_ones_and_those_of_every_serializer_come_back_after_a_restart()
    {
        var unconfirmed = new UnconfirmedDelivery(7, Actor.Ref.Path, "letter");
        object[] states =
        [
            Event("state"), new byte[10_000], new string('x', 500_000), new AtLeastOnceDeliverySnapshot(8, [unconfirmed]),
            new PersistentFSM.PersistentFSMSnapshot<string>("Busy", "data", TimeSpan.FromSeconds(3)),
        ];
        for (var i = 0; i < states.Length; i++)
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", i, Time), states[i]), Actor.Ref);
            await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        }

        using var again = await RestartAsync();
        var probe = CreateTestProbe(again);
        for (var i = 0; i < states.Length; i++)
        {
            Akka.Persistence.Persistence.Instance.Apply(again).SnapshotStoreFor(null)
                .Tell(new LoadSnapshot("p", new SnapshotSelectionCriteria(i, DateTime.MaxValue, i), i), probe.Ref);
            var loaded = (await probe.ExpectMsgAsync<LoadSnapshotResult>(Patience)).Snapshot.Snapshot;
            if (loaded is AtLeastOnceDeliverySnapshot delivery)
            {
                Assert.Equal((8, 7L, "letter"),
                    (delivery.CurrentDeliveryId, delivery.UnconfirmedDeliveries[0].DeliveryId, delivery.UnconfirmedDeliveries[0].Message));
            }
            else if (loaded is PersistentFSM.PersistentFSMSnapshot<string> fsm)
            {
                Assert.Equal(("Busy", "data", TimeSpan.FromSeconds(3)), (fsm.StateIdentifier, fsm.Data, fsm.Timeout));
            }
            else
            {
                Assert.Equal(states[i], loaded);
            }
        }
    }

    [Fact]
    public async Task Segments_that_nothing_needs_are_deleted()
    {
        for (var i = 1; i <= 100; i++)
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 1, Time), new byte[100_000]), Actor.Ref);
            await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        }

        await AwaitAssertAsync(
            () => Assert.InRange(Disk.Files.Count(path => path.Contains("snapshots/", StringComparison.Ordinal)), 1, 4), Patience);
        Assert.Equal(100_000, ((byte[])(await LoadAsync(Snapshots, SnapshotSelectionCriteria.Latest)).Snapshot.Snapshot).Length);
    }

    private async Task SaveAsync(params long[] numbers)
    {
        foreach (var number in numbers)
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", number, Time.AddTicks(number)), $"state {number}"), Actor.Ref);
            await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        }
    }

    private async Task<LoadSnapshotResult> LoadAsync(IActorRef store, SnapshotSelectionCriteria criteria)
    {
        store.Tell(new LoadSnapshot("p", criteria, long.MaxValue), Actor.Ref);
        return await Actor.ExpectMsgAsync<LoadSnapshotResult>(Patience);
    }
}
