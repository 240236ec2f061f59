using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Inspection;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>Segments that are gone: those that the log gave back, and those that it did not.</summary>
public sealed class MissingSegmentSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(1, 1)] // what is left is a segment that has not begun
    public async Task A_log_without_its_oldest_segments_is_refused_with_the_first_that_is_missing(int segments, int missing)
    {
        await FillAsync("p", 1, segments);
        await WriteAndAwaitAsync("q", 1, 1);
        await ExpectRefusedAsync(1, missing);
    }

    [Fact]
    public async Task A_log_that_gave_segments_back_is_opened_and_refused_without_the_next_one()
    {
        await FillAsync("gone", 1, 2);
        await DeleteAllAsync("gone");
        await AwaitAssertAsync(() => Assert.DoesNotContain(PathOf(1), Disk.Files), Patience);
        await FillAsync("p", 1, 2);
        await using (var before = new Opened(await RestartAsync()))
        {
            Assert.NotEmpty((await ReplayAsync(JournalOf(before.System), CreateTestProbe(before.System), "p")).Events);
        }

        await ExpectRefusedAsync(Enumerable.Range(2, 2).First(number => Disk.Files.Contains(PathOf(number))), 1); // 2 may be gone too
    }

    [Fact]
    public async Task A_log_that_gives_its_oldest_segment_back_is_opened_wherever_a_power_cut_comes()
    {
        await FillAsync("gone", 1, 2);
        await WriteAndAwaitAsync("kept", 1, 3);
        var cuts = new List<AioTestDisk>();
        using (var rename = Disk.Renames(PathOf(1)).Hold())
        {
            await DeleteAllAsync("gone");
            await rename.WhenHit();
            cuts.AddRange(Enumerable.Range(0, 5).Select(_ => Disk.PowerCut(CrashModel.Any)));
        }

        await AwaitAssertAsync(() => Assert.DoesNotContain(PathOf(1), Disk.Files), Patience);
        cuts.AddRange(Enumerable.Range(0, 5).Select(_ => Disk.PowerCut(CrashModel.Any)));
        await Sys.Terminate();
        foreach (var disk in cuts)
        {
            await using var again = new Opened(ActorSystem.Create("again", SetupOf(Hocon, disk)));
            Assert.Equal(3, (await ReplayAsync(JournalOf(again.System), CreateTestProbe(again.System), "kept")).Events.Count);
            Assert.Empty((await ReplayAsync(JournalOf(again.System), CreateTestProbe(again.System), "gone")).Events);
        }
    }

    [Fact]
    public async Task Snapshots_without_their_oldest_segment_are_refused()
    {
        for (var nr = 1; !Disk.Files.Contains("/store/snapshots/0000000002.seg") || nr < 30; nr++)
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata($"p-{nr}", 1, DateTime.UtcNow), new string('x', 60_000)), Actor.Ref);
            await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        }

        await Sys.Terminate(); // nothing is made or renamed any more
        var disk = Without("/store/snapshots/0000000001.seg");
        await using var again = new Opened(ActorSystem.Create("again", SetupOf(Hocon, disk)));
        var probe = CreateTestProbe(again.System);
        Akka.Persistence.Persistence.Instance.Apply(again.System).SnapshotStoreFor(null)
            .Tell(new LoadSnapshot("p-1", SnapshotSelectionCriteria.Latest, long.MaxValue), probe.Ref);
        var refused = Assert.IsType<AioLogCorruptionException>((await probe.ExpectMsgAsync<LoadSnapshotFailed>(Patience)).Cause);
        Assert.Equal("/store/snapshots/0000000001.seg", refused.Path);
    }

    private async Task ExpectRefusedAsync(int first, int missing)
    {
        await Sys.Terminate();
        var disk = Without([.. Enumerable.Range(first, missing).Select(PathOf)]);
        await using var again = new Opened(ActorSystem.Create("again", SetupOf(Hocon, disk)));
        var refused = await Assert.ThrowsAsync<AioLogCorruptionException>(
            () => ReplayAsync(JournalOf(again.System), CreateTestProbe(again.System), "p"));
        Assert.Equal(PathOf(first), refused.Path);
        Assert.Contains("missing", refused.Message, StringComparison.Ordinal);
        if (disk.Files.Any(IsBegun))
        {
            var lines = new List<string>();
            var inspector = new LogInspector(AioExt.Get(again.System), "/store/events", lines.Add);
            await inspector.VerifyAsync(default);
            Assert.Equal(1, inspector.Problems);
            Assert.StartsWith($"{Path.GetFileName(PathOf(first))}  PROBLEM: it is missing", lines[^1], StringComparison.Ordinal);
        }

        bool IsBegun(string path) => path.StartsWith("/store/events/0", StringComparison.Ordinal) && disk.ReadAllBytes(path)[0] == 'A';
    }

    private static string PathOf(int segment) => $"/store/events/{segment:D10}.seg";

    private AioTestDisk Without(params string[] missing)
    {
        var disk = new AioTestDisk { Alignment = 4096 };
        foreach (var path in Disk.Files.Except(missing))
        {
            disk.WriteAllBytes(path, Disk.ReadAllBytes(path));
        }

        return disk;
    }

    // Writes until so many more segments have begun, and the one behind them is made.
    private async Task FillAsync(string id, long from, int segments)
    {
        var target = Numbers(begun: true) + segments;
        for (; Numbers(begun: true) < target || Numbers(begun: false) == target; from++)
        {
            Write(Atomic(id, from, from, payload: _ => new string('x', 60_000)));
            await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }
    }

    // The highest number of a segment.
    private int Numbers(bool begun) => Enumerable.Range(1, 20).LastOrDefault(
        number => Disk.Files.Contains(PathOf(number)) && (!begun || Disk.ReadAllBytes(PathOf(number))[0] == 'A'));

    private async Task DeleteAllAsync(string id)
    {
        Journal.Tell(new DeleteMessagesTo(id, long.MaxValue, Actor.Ref), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
    }

    private sealed record Opened(ActorSystem System) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await System.Terminate();
    }
}
