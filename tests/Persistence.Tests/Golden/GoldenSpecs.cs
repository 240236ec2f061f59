using System.Buffers.Binary;
using System.Globalization;
using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Inspection;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Golden;

/// <summary>
/// Stores of format version 1 that a build of this code has written, and that each later build reads: beside each archive is a text with
/// all that is in it. README.md beside them says how they are made.
/// </summary>
public sealed class GoldenSpecs(ITestOutputHelper output) : JournalSpec(output, GoldenStores.Settings)
{
    public static TheoryData<string> Names => [.. GoldenStores.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_store_of_version_1_is_read(string name)
    {
        var archive = await File.ReadAllBytesAsync(PathOf(name, "zip"));
        Assert.InRange(archive.Length, 1, 32 << 10);
        var expected = await File.ReadAllLinesAsync(PathOf(name, "txt"));
        Assert.Equal(expected, await DescribeAsync(archive));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Verify_finds_no_problem_in_a_store_of_version_1(string name)
    {
        var disk = StoreFiles.Unzip(await File.ReadAllBytesAsync(PathOf(name, "zip")));
        using var system = ActorSystem.Create("verify", SetupOf(Hocon, disk));
        foreach (var folder in Folders(disk))
        {
            var lines = new List<string>();
            var inspector = new LogInspector(AioExt.Get(system), folder, lines.Add);
            await inspector.VerifyAsync(default);
            Assert.True(inspector.Problems == 0, string.Join('\n', lines));
        }
    }

    [Theory]
    [InlineData(20, 8, true)]
    [InlineData(24, 8, false)]
    public async Task A_segment_with_an_unknown_feature_is_not_opened_and_inspected_only_where_readers_may(
        int at, uint feature, bool isReaders)
    {
        var disk = await WithFeatureAsync(at, feature);
        using var again = ActorSystem.Create("again", SetupOf(Hocon, disk));
        var path = disk.Files.Last(file => file.StartsWith("/store/events/0", StringComparison.Ordinal));
        var before = disk.ReadAllBytes(path);
        var cause = await Assert.ThrowsAsync<AioLogVersionException>(() => ReplayAsync(JournalOf(again), CreateTestProbe(again), "some"));
        Assert.Equal((feature, 1), (cause.Features, cause.Version));
        Assert.StartsWith("/store/events/", cause.Path, StringComparison.Ordinal);
        Assert.Equal(before, disk.ReadAllBytes(path));
        var inspector = new LogInspector(AioExt.Get(again), "/store/events", _ => { });
        if (isReaders)
        {
            await Assert.ThrowsAsync<AioLogVersionException>(() => inspector.InspectAsync(default));
        }
        else
        {
            await inspector.InspectAsync(default);
        }
    }

    [Fact]
    public async Task A_segment_with_an_unknown_feature_that_says_something_only_is_opened()
    {
        using var again = ActorSystem.Create("again", SetupOf(Hocon, await WithFeatureAsync(28, 8)));
        Assert.NotEmpty((await ReplayAsync(JournalOf(again), CreateTestProbe(again), "some")).Events);
    }

    [Theory]
    [InlineData("version 1", "version 2", 2, 0u)]
    [InlineData("features 0 0 0", "features 10 0 0", 1, 16u)]
    [InlineData("features 0 0 0", "features 0 10 0", 1, 16u)]
    [InlineData("features 0 0 0", "features 0 0 10", 0, 0u)]
    public async Task A_store_file_of_another_version_or_with_an_unknown_feature(string line, string changed, int version, uint features)
    {
        var disk = await OpenAsync("journal");
        var text = System.Text.Encoding.UTF8.GetString(disk.ReadAllBytes("/store/STORE"));
        Assert.Contains(line, text, StringComparison.Ordinal);
        disk.WriteAllBytes("/store/STORE", System.Text.Encoding.UTF8.GetBytes(text.Replace(line, changed, StringComparison.Ordinal)));
        using var again = ActorSystem.Create("again", SetupOf(Hocon, disk));
        if (version == 0)
        {
            Assert.NotEmpty((await ReplayAsync(JournalOf(again), CreateTestProbe(again), "some")).Events);
            return;
        }

        var cause = await Assert.ThrowsAsync<AioLogVersionException>(() => ReplayAsync(JournalOf(again), CreateTestProbe(again), "some"));
        Assert.Equal((version, features, "/store/STORE"), (cause.Version, cause.Features, cause.Path));
    }

    [Fact]
    public async Task The_stores_are_made_where_AKKA_AIO_WRITE_GOLDEN_says()
    {
        if (Environment.GetEnvironmentVariable("AKKA_AIO_WRITE_GOLDEN") is not { Length: > 0 } folder)
        {
            return;
        }

        foreach (var name in GoldenStores.Names)
        {
            var archive = StoreFiles.Zip(await GoldenStores.MakeAsync(name));
            await File.WriteAllBytesAsync(Path.Combine(folder, name + ".zip"), archive);
            await File.WriteAllLinesAsync(Path.Combine(folder, name + ".txt"), await DescribeAsync(archive));
        }
    }

    private static string PathOf(string name, string extension) => Path.Combine(AppContext.BaseDirectory, "Golden", $"{name}.{extension}");

    private static async Task<AioTestDisk> OpenAsync(string name) => StoreFiles.Unzip(await File.ReadAllBytesAsync(PathOf(name, "zip")));

    private static string[] Folders(AioTestDisk disk) =>
    [
        .. disk.Files.Where(path => path.EndsWith(".seg", StringComparison.Ordinal)).Select(path => Path.GetDirectoryName(path)!)
            .Distinct(),
    ];

    private static async Task<AioTestDisk> WithFeatureAsync(int at, uint feature)
    {
        var disk = await OpenAsync("journal");
        foreach (var path in disk.Files.Where(file => file.StartsWith("/store/events/0", StringComparison.Ordinal)))
        {
            var bytes = disk.ReadAllBytes(path);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), feature);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32C.Around(bytes.AsSpan(0, SegmentHeader.Size), 12));
            disk.WriteAllBytes(path, bytes);
        }

        return disk;
    }

    // All that is in a store: each record of its segments, and what the journal, the snapshot store and the log say.
    private async Task<List<string>> DescribeAsync(byte[] archive)
    {
        var disk = StoreFiles.Unzip(archive);
        List<string> lines = [.. Folders(disk).SelectMany(folder => StoreFiles.Records(disk, folder))];
        using var system = ActorSystem.Create("describe", SetupOf(Hocon, disk));
        if (disk.Files.Contains("/store/STORE"))
        {
            foreach (var id in GoldenStores.Ids)
            {
                var (events, highest) = await ReplayAsync(JournalOf(system), CreateTestProbe(system), id);
                lines.Add($"replay of {id}, highest {highest}:");
                lines.AddRange(events.Select(Describe));
                lines.Add($"snapshot of {id}: {await DescribeSnapshotAsync(system, id)}");
            }
        }
        else
        {
            await using var log = await AioLog.OpenAsync(system, "/log", GoldenStores.LogSettings);
            await foreach (var (position, data) in log.ReadAsync())
            {
                lines.Add($"{position} {Convert.ToHexString(data.Span)}");
            }
        }

        await system.Terminate();
        return lines;
    }

    private static string Describe(IPersistentRepresentation stored)
    {
        var payload = stored.Payload is byte[] bytes ? Convert.ToHexString(bytes) : (string)stored.Payload;
        return string.Create(
            CultureInfo.InvariantCulture,
            $" {stored.SequenceNr} at {stored.Timestamp} writer {stored.WriterGuid} manifest \"{stored.Manifest}\" " +
            $"{stored.Payload.GetType().Name} of {payload.Length}: {payload[..Math.Min(40, payload.Length)]}");
    }

    private async Task<string> DescribeSnapshotAsync(ActorSystem system, string id)
    {
        var probe = CreateTestProbe(system);
        Akka.Persistence.Persistence.Instance.Apply(system).SnapshotStoreFor(null)
            .Tell(new LoadSnapshot(id, SnapshotSelectionCriteria.Latest, long.MaxValue), probe.Ref);
        var result = await probe.ExpectMsgAsync<LoadSnapshotResult>(Patience);
        return result.Snapshot is { Metadata: var metadata } found
            ? string.Create(CultureInfo.InvariantCulture, $"{metadata.SequenceNr} at {metadata.Timestamp.Ticks}: {found.Snapshot}")
            : "none";
    }
}
