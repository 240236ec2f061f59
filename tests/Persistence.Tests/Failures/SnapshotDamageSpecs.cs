using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Log;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>Snapshots that are not where they were written, and segments of snapshots that cannot be given back.</summary>
public sealed class SnapshotDamageSpecs(ITestOutputHelper output)
    : JournalSpec(output, $"{Breaker} = {AioPersistence.DefaultConfig.GetString(Breaker)}")
{
    private const string Breaker = "akka.persistence.snapshot-store.aio.circuit-breaker.max-failures";
    private const int Block = 4096;
    private const string Folder = "/store/snapshots";
    private static readonly DateTime Time = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
    private static readonly string First = PathOf(1);

    // As after writes that the disk has put where they do not belong, behind the start. Both batches pass their checksums.
    [Fact]
    public async Task Snapshots_in_each_others_places_are_not_offered_and_none_before_them()
    {
        await SaveAsync("a", 1, "a-1");
        foreach (var id in (string[])["a", "b", "c"])
        {
            await SaveAsync(id, 2, $"{id}-2");
        }

        await SaveAsync("d", 1, "d-1");
        await SaveAsync("d", 2, "d-2");
        await FillAsync("more", 2); // the segment is sealed
        var places = Places(First);
        var bytes = Disk.ReadAllBytes(First);
        var before = bytes.ToArray();
        foreach (var (one, other) in ((int, int)[])[(places[("a", 2)], places[("b", 2)]), (places[("d", 1)], places[("d", 2)])])
        {
            before.AsSpan(one, Block).CopyTo(bytes.AsSpan(other));
            before.AsSpan(other, Block).CopyTo(bytes.AsSpan(one));
        }

        Disk.WriteAllBytes(First, bytes);

        foreach (var id in (string[])["a", "b", "d"])
        {
            await ExpectCorruptAsync(id, places[(id, 2)]);
        }

        Assert.Equal("c-2", Assert.IsType<LoadSnapshotResult>(await LoadAsync("c")).Snapshot.Snapshot);
        var older = await LoadAsync("a", new SnapshotSelectionCriteria(1)); // who asks for it gets it
        Assert.Equal("a-1", Assert.IsType<LoadSnapshotResult>(older).Snapshot.Snapshot);
    }

    // The events behind an older one may be deleted: it would be a wrong state.
    [Fact]
    public async Task A_read_that_fails_fails_the_load_and_no_older_snapshot_is_offered()
    {
        await SaveAsync("p", 10, "ten");
        await SaveAsync("p", 20, "twenty");
        using (Disk.Reads(First).Times(1).Fail(Errno.EIO))
        {
            var cause = Assert.IsType<LoadSnapshotFailed>(await LoadAsync("p")).Cause;
            Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(cause).Errno);
        }

        Assert.Equal("twenty", Assert.IsType<LoadSnapshotResult>(await LoadAsync("p")).Snapshot.Snapshot);
    }

    [Fact]
    public async Task One_that_cannot_be_deserialized_fails_the_load_and_other_ids_are_loaded_however_often_it_does()
    {
        await SaveAsync("p", 10, "ten");
        await SaveAsync("p", 20, new Poison());
        await SaveAsync("fine", 1, "one");
        for (var i = 0; i < 10; i++)
        {
            var cause = Assert.IsType<AioSnapshotException>(Assert.IsType<LoadSnapshotFailed>(await LoadAsync("p")).Cause);
            Assert.Equal(("p", 20L), (cause.PersistenceId, cause.SequenceNr));
        }

        Assert.Equal("one", Assert.IsType<LoadSnapshotResult>(await LoadAsync("fine")).Snapshot.Snapshot);
    }

    [Fact]
    public async Task One_that_is_deleted_with_its_segment_while_it_is_loaded_is_not_there()
    {
        await SaveAsync("p", 10, "ten");
        await FillAsync("more", 2); // the first segment is kept by "p" alone
        var reader = CreateTestProbe();
        using var held = Disk.Opens(First).Hold();
        Snapshots.Tell(new LoadSnapshot("p", SnapshotSelectionCriteria.Latest, 17), reader.Ref);
        await held.WhenHit();
        Snapshots.Tell(new DeleteSnapshots("p", SnapshotSelectionCriteria.Latest), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteSnapshotsSuccess>(Patience);
        await AwaitAssertAsync(() => Assert.DoesNotContain(First, Disk.Files), Patience);
        held.Dispose();
        var result = await reader.ExpectMsgAsync<LoadSnapshotResult>(Patience);
        Assert.Equal((null, 17L), (result.Snapshot, result.ToSequenceNr));
    }

    // A younger one has the deletes of snapshots in an older one.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_segment_that_cannot_be_removed_is_tried_again_and_none_goes_before_it(bool isNameGone)
    {
        await SaveAsync("gone", 7, "old");
        await FillAsync("more", 2); // the first segment is kept by "gone" alone, and the second by nothing
        Disk.ForgetOperations();
        using var fault = isNameGone
            ? Disk.FolderSyncs(Folder).Times(1).Fail(Errno.EIO)
            : Disk.Deletes(First).Times(2).Fail(Errno.EIO);
        Snapshots.Tell(new DeleteSnapshots("gone", SnapshotSelectionCriteria.Latest), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteSnapshotsSuccess>(Patience);
        await fault.WhenHit();
        var cut = Disk.PowerCut(CrashModel.Any);
        await AwaitAssertAsync(
            async () =>
            {
                await SaveAsync("more", 1, "new"); // what becomes durable is followed by another try
                Assert.DoesNotContain(PathOf(2), Disk.Files);
            },
            Patience);
        var names = Disk.Operations.Where(operation => operation.Kind is DiskOperationKind.Delete or DiskOperationKind.SyncFolder)
            .Select(operation => (operation.Kind, operation.Path, operation.Error)).ToList();
        var younger = names.FindIndex(name => name.Path == PathOf(2));
        Assert.Equal((DiskOperationKind.SyncFolder, Folder, Errno.None), names[younger - 1]);
        Assert.Equal((DiskOperationKind.Delete, First), (names[younger - 2].Kind, names[younger - 2].Path));

        foreach (var disk in (AioTestDisk[])[cut, Disk.PowerCut(CrashModel.Any)])
        {
            using var again = await RestartAsync(disk);
            var probe = CreateTestProbe(again);
            Akka.Persistence.Persistence.Instance.Apply(again).SnapshotStoreFor(null)
                .Tell(new LoadSnapshot("gone", SnapshotSelectionCriteria.Latest, long.MaxValue), probe.Ref);
            Assert.Null((await probe.ExpectMsgAsync<LoadSnapshotResult>(Patience)).Snapshot);
            await again.Terminate();
        }
    }

    private static string PathOf(int segment) => $"{Folder}/{segment:D10}.seg";

    // Where the batch of each snapshot begins.
    private Dictionary<(string Id, long SequenceNr), int> Places(string path)
    {
        var places = new Dictionary<(string, long), int>();
        var bytes = Disk.ReadAllBytes(path);
        var header = SegmentHeader.Read(bytes, path)!.Value;
        var start = new LogEnd(Block, 0, header.FirstBatch, header.FirstOrdering, header.PreviousCrc);
        SegmentScan.Visit(start, bytes.AsSpan(Block), header.Number, Block, Add);
        return places;

        void Add(long segment, int block, in BatchHeader batch, ReadOnlySpan<byte> all)
        {
            if (RecordView.TryRead(all[BatchHeader.Size..batch.Used], out var record) && record.Type == RecordType.Snapshot)
            {
                places[(System.Text.Encoding.UTF8.GetString(record.PersistenceId), record.SequenceNr)] = block * Block;
            }
        }
    }

    private async Task ExpectCorruptAsync(string id, int offset)
    {
        var cause = Assert.IsType<AioLogCorruptionException>(Assert.IsType<LoadSnapshotFailed>(await LoadAsync(id)).Cause);
        Assert.Equal((First, offset), (cause.Path, cause.Offset));
    }

    private async Task SaveAsync(string id, long nr, object state)
    {
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata(id, nr, Time), state), Actor.Ref);
        await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
    }

    // Saves until so many more segments have begun.
    private async Task FillAsync(string id, int segments)
    {
        for (var target = Begun() + segments; Begun() < target;)
        {
            await SaveAsync(id, 1, new string('x', 60_000));
        }
    }

    private int Begun() => Disk.Operations.Count(operation =>
        operation is { Kind: DiskOperationKind.Write, Offset: 0, IsDataSync: true } &&
        operation.Path.StartsWith("/store/snapshots/0", StringComparison.Ordinal));

    private async Task<object> LoadAsync(string id, SnapshotSelectionCriteria? criteria = null)
    {
        Snapshots.Tell(new LoadSnapshot(id, criteria ?? SnapshotSelectionCriteria.Latest, long.MaxValue), Actor.Ref);
        return await Actor.ExpectMsgAsync<object>(Patience);
    }

    private sealed class Poison
    {
        private string _value = "";

        public string Value
        {
            get => _value;
            set => _value = value.Length == 0 ? throw new InvalidOperationException("no way") : value;
        }
    }
}
