using System.Buffers.Binary;
using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>What a store does that finds something else on its disk than it has written.</summary>
public sealed class DamageSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    private const string First = "/store/events/0000000001.seg";
    private const int Block = 4096;

    private static readonly AioLogSettings Small = new() { SegmentSize = 1 << 20, BufferSize = 64 << 10, MaxAppend = 1 << 20 };

    [Fact]
    public async Task A_damaged_batch_that_was_durable_is_refused_with_its_place_and_nothing_is_changed()
    {
        for (var nr = 1; nr <= 5; nr++)
        {
            await WriteAndAwaitAsync("p", nr, nr);
        }

        await Sys.Terminate();
        Damage(First, (3 * Block) + 100); // header, fence, the first event, and then this one
        var before = Disk.ReadAllBytes(First);
        using var again = ActorSystem.Create("again", SetupOf(Hocon, Disk));
        var cause = await Assert.ThrowsAsync<AioLogCorruptionException>(() => ReplayAsync(JournalOf(again), CreateTestProbe(again), "p"));
        Assert.Contains($"{First} is damaged at offset {3 * Block}", cause.Message, StringComparison.Ordinal);
        Assert.Equal(3, cause.Batch);
        var health = await JournalOf(again).Ask<JournalHealthCheckResponse>(new CheckJournalHealth(default), Patience);
        Assert.Equal(PersistenceHealthStatus.Unhealthy, health.Result.Status);
        await again.Terminate();
        Assert.Equal(before, Disk.ReadAllBytes(First));
    }

    [Fact]
    public async Task A_torn_last_batch_was_not_acknowledged_and_is_forgotten_for_good()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        await WriteAndAwaitAsync("p", 2, 2);
        await Sys.Terminate();
        Damage(First, (3 * Block) + 100);
        for (var life = 0; life < 3; life++)
        {
            using var again = ActorSystem.Create("again", SetupOf(Hocon, Disk));
            var (events, highest) = await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p");
            Assert.Equal([1], events.Select(stored => stored.SequenceNr));
            Assert.Equal(1, highest);
            await again.Terminate();
        }
    }

    [Fact]
    public async Task A_damaged_batch_of_a_sealed_segment_fails_the_replays_that_need_it_and_no_other()
    {
        await FillSegmentsAsync("p", 3);
        await WriteAndAwaitAsync("fine", 1, 1);
        await Sys.Terminate();
        Damage(First, (2 * Block) + 100);
        using var again = ActorSystem.Create("again", SetupOf(Hocon, Disk));
        var probe = CreateTestProbe(again);
        var cause = await Assert.ThrowsAsync<AioLogCorruptionException>(() => ReplayAsync(JournalOf(again), probe, "p"));
        Assert.Contains(First, cause.Message, StringComparison.Ordinal);
        Assert.Single((await ReplayAsync(JournalOf(again), probe, "fine")).Events);
        Assert.NotEmpty((await ReplayAsync(JournalOf(again), probe, "p", from: 60)).Events);
    }

    [Theory]
    [InlineData(0)] // its header
    [InlineData(Block)] // a page
    [InlineData(2 * Block)] // the table
    public async Task A_damaged_footer_is_made_again(int at)
    {
        var written = await FillSegmentsAsync("p", 3);
        await Sys.Terminate();
        Damage(First, (1 << 20) + at + 20);
        using (var again = ActorSystem.Create("again", SetupOf(Hocon, Disk)))
        {
            Assert.Equal(written, (await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p")).Events.Count);
            await AwaitAssertAsync(() => Assert.NotNull(FooterHeader.Read(Disk.ReadAllBytes(First).AsSpan(1 << 20))), Patience);
            await again.Terminate();
        }

        using var third = ActorSystem.Create("third", SetupOf(Hocon, Disk));
        Assert.Equal(written, (await ReplayAsync(JournalOf(third), CreateTestProbe(third), "p")).Events.Count);
    }

    // With a right checksum: a program has written it.
    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0x0FFFFFFF, 1)] // the table of first hashes would take 2 GiB
    [InlineData(0x20000000, 1)] // and its bytes are no int
    [InlineData(1, -1)]
    [InlineData(1, long.MaxValue)]
    public async Task A_footer_with_impossible_counts_is_made_again(int pages, long ids)
    {
        var written = await FillSegmentsAsync("p", 3);
        await Sys.Terminate();
        var bytes = Disk.ReadAllBytes(First);
        var right = FooterHeader.Read(bytes.AsSpan(1 << 20))!.Value;
        (right with { Pages = pages, Ids = ids, HashesCrc = pages == 1 ? right.HashesCrc : 0 }).Write(bytes.AsSpan(1 << 20, Block));
        Disk.WriteAllBytes(First, bytes);
        using var again = ActorSystem.Create("again", SetupOf(Hocon, Disk));
        Assert.Equal(written, (await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p")).Events.Count);
        await AwaitAssertAsync(() => Assert.Equal(right, FooterHeader.Read(Disk.ReadAllBytes(First).AsSpan(1 << 20))), Patience);
    }

    [Fact]
    public async Task A_page_of_a_footer_that_is_damaged_behind_the_start_fails_the_replays_that_need_it_with_its_place()
    {
        var written = await FillSegmentsAsync("p", 3);
        const int Page = (1 << 20) + Block;
        Damage(First, Page + 20);
        var cause = await Assert.ThrowsAsync<AioLogCorruptionException>(() => ReplayAsync("p"));
        Assert.Equal((First, Page), (cause.Path, cause.Offset));
        Damage(First, Page + 20); // it is as it was
        Assert.Equal(written, (await ReplayAsync("p")).Events.Count);
    }

    [Fact]
    public async Task A_missing_segment_is_refused()
    {
        await FillSegmentsAsync("p", 4);
        await Sys.Terminate();
        using var again = ActorSystem.Create("again", SetupOf(Hocon, DiskWithout("/store/events/0000000002.seg")));
        await Assert.ThrowsAsync<AioLogCorruptionException>(() => ReplayAsync(JournalOf(again), CreateTestProbe(again), "p"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_missing_oldest_segment_is_refused_also_where_others_before_it_were_given_back(bool isGivenBack)
    {
        var written = await FillSegmentsAsync("p", 4);
        var oldest = First;
        if (isGivenBack)
        {
            Journal.Tell(new DeleteMessagesTo("p", 45, Actor.Ref)); // some 30 fill a segment
            await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
            await AwaitAssertAsync(() => Assert.DoesNotContain(First, Disk.Files), Patience);
            oldest = "/store/events/0000000002.seg";
        }

        await Sys.Terminate();
        using (var again = ActorSystem.Create("again", SetupOf(Hocon, DiskWithout(oldest))))
        {
            var cause = await Assert.ThrowsAsync<AioLogCorruptionException>(
                () => ReplayAsync(JournalOf(again), CreateTestProbe(again), "p"));
            Assert.Equal(oldest, cause.Path);
            await again.Terminate();
        }

        using var third = ActorSystem.Create("third", SetupOf(Hocon, Disk));
        Assert.Equal(written, (await ReplayAsync(JournalOf(third), CreateTestProbe(third), "p")).Highest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_missing_oldest_segment_of_snapshots_is_refused_also_where_others_before_it_were_given_back(bool isGivenBack)
    {
        var oldest = "/store/snapshots/0000000001.seg";
        for (var nr = 1; !Disk.Files.Contains("/store/snapshots/0000000004.seg"); nr++)
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", nr, DateTime.UtcNow), new string('x', 100_000)), Actor.Ref);
            await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        }

        if (isGivenBack)
        {
            Snapshots.Tell(new DeleteSnapshots("p", new SnapshotSelectionCriteria(12)), Actor.Ref); // 10 fill a segment
            await Actor.ExpectMsgAsync<DeleteSnapshotsSuccess>(Patience);
            await AwaitAssertAsync(() => Assert.DoesNotContain(oldest, Disk.Files), Patience);
            oldest = "/store/snapshots/0000000002.seg";
        }

        await Sys.Terminate();
        using (var again = ActorSystem.Create("again", SetupOf(Hocon, DiskWithout(oldest))))
        {
            var cause = (await LoadAsync<LoadSnapshotFailed>(again)).Cause;
            Assert.Equal(oldest, Assert.IsType<AioLogCorruptionException>((cause as AggregateException)?.InnerException ?? cause).Path);
            await again.Terminate();
        }

        using var third = ActorSystem.Create("third", SetupOf(Hocon, Disk));
        Assert.NotNull((await LoadAsync<LoadSnapshotResult>(third)).Snapshot);

        async Task<T> LoadAsync<T>(ActorSystem system)
        {
            var probe = CreateTestProbe(system);
            SnapshotsOf(system).Tell(new LoadSnapshot("p", SnapshotSelectionCriteria.Latest, long.MaxValue), probe.Ref);
            return await probe.ExpectMsgAsync<T>(Patience);
        }
    }

    [Fact]
    public async Task A_missing_oldest_segment_of_a_log_alone_is_refused()
    {
        await using (var log = await AioLog.OpenAsync(Sys, "/log", Small))
        {
            while (!Disk.Files.Contains("/log/0000000003.seg"))
            {
                await log.AppendAsync(new byte[100_000]);
            }
        }

        await Sys.Terminate();
        using var again = ActorSystem.Create("again", SetupOf(Hocon, DiskWithout("/log/0000000001.seg")));
        var cause = await Assert.ThrowsAsync<AioLogCorruptionException>(() => AioLog.OpenAsync(again, "/log", Small));
        Assert.Equal("/log/0000000001.seg", cause.Path);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_missing_store_file_beside_segments_of_events_or_of_snapshots_is_refused_and_no_other_is_made(bool isMissing)
    {
        await WriteAndAwaitAsync("p", 1, 1);
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 1, DateTime.UtcNow), "state"), Actor.Ref);
        await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        await Sys.Terminate();
        foreach (var log in (string[])["events", "snapshots"])
        {
            var disk = DiskWithout("/store/STORE", $"/store/{log}/");
            if (!isMissing)
            {
                disk.WriteAllBytes("/store/STORE", []);
            }

            using var again = ActorSystem.Create("again", SetupOf(Hocon, disk));
            var cause = await Assert.ThrowsAsync<AioLogCorruptionException>(
                () => ReplayAsync(JournalOf(again), CreateTestProbe(again), "p"));
            Assert.Equal("/store/STORE", cause.Path);
            await again.Terminate();
            Assert.Equal(!isMissing, disk.Files.Contains("/store/STORE"));
        }
    }

    [Fact]
    public async Task A_missing_store_file_of_a_log_alone_is_refused()
    {
        await using (var log = await AioLog.OpenAsync(Sys, "/log", Small))
        {
            await log.AppendAsync("record"u8.ToArray());
        }

        await Sys.Terminate();
        using var again = ActorSystem.Create("again", SetupOf(Hocon, DiskWithout("/log/STORE")));
        var cause = await Assert.ThrowsAsync<AioLogCorruptionException>(() => AioLog.OpenAsync(again, "/log", Small));
        Assert.Equal("/log/STORE", cause.Path);
        Assert.Contains("/log/0000000001.seg", cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_of_a_later_version_and_a_segment_of_another_store_are_refused()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        await Sys.Terminate();
        var segment = Disk.ReadAllBytes(First);
        Change(bytes => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), 2));
        await Assert.ThrowsAsync<AioLogVersionException>(OpenAsync);
        Change(bytes => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), 4));
        Assert.Equal(4u, (await Assert.ThrowsAsync<AioLogVersionException>(OpenAsync)).Features);
        Change(bytes => bytes[40]++);
        await Assert.ThrowsAsync<AioLogForeignException>(OpenAsync);
        Disk.WriteAllBytes("/store/STORE", "AkkaAio store\nversion 2\nid 0\nfeatures 0 0 0\n"u8);
        await Assert.ThrowsAsync<AioLogVersionException>(OpenAsync);

        void Change(Action<byte[]> change)
        {
            var bytes = segment.ToArray();
            change(bytes);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32C.Around(bytes.AsSpan(0, SegmentHeader.Size), 12));
            Disk.WriteAllBytes(First, bytes);
        }

        async Task OpenAsync()
        {
            using var again = ActorSystem.Create("again", SetupOf(Hocon, Disk));
            try
            {
                await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p");
            }
            finally
            {
                await again.Terminate();
            }
        }
    }

    [Fact]
    public async Task A_second_system_is_refused_while_the_first_has_the_store_and_not_afterwards()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        using var second = ActorSystem.Create("second", SetupOf(Hocon, Disk));
        var probe = CreateTestProbe(second);
        await Assert.ThrowsAsync<AioLogLockedException>(() => ReplayAsync(JournalOf(second), probe, "p"));
        await Sys.Terminate();
        await AwaitAssertAsync(async () => Assert.Single((await ReplayAsync(JournalOf(second), probe, "p")).Events), Patience);
    }

    private async Task<int> FillSegmentsAsync(string id, int segments)
    {
        var written = 0;
        while (Disk.Files.Count(path => path.Contains("events/0", StringComparison.Ordinal)) <= segments)
        {
            written++;
            Write(Atomic(id, written, written, payload: _ => new string('x', 30_000)));
            await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }

        await AwaitAssertAsync(() => Assert.NotNull(FooterHeader.Read(Disk.ReadAllBytes(First).AsSpan(1 << 20))), Patience);
        return written;
    }

    // What is left of the disk without the files whose paths begin so.
    private AioTestDisk DiskWithout(params string[] missing)
    {
        var disk = new AioTestDisk { Alignment = Block };
        foreach (var path in Disk.Files.Where(path => !missing.Any(lost => path.StartsWith(lost, StringComparison.Ordinal))))
        {
            disk.WriteAllBytes(path, Disk.ReadAllBytes(path));
        }

        return disk;
    }

    private void Damage(string path, int at)
    {
        var bytes = Disk.ReadAllBytes(path);
        bytes[at] ^= 0x10;
        Disk.WriteAllBytes(path, bytes);
    }
}
