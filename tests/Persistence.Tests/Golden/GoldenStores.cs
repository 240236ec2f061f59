using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Golden;

/// <summary>Makes the golden stores.</summary>
internal sealed class GoldenStores : JournalSpec
{
    public const string Settings = "akka.persistence.aio-store.write.max-atomic-write = 4 MiB";

    private GoldenStores(AioTestDisk disk)
        : base(new Quiet(), Settings, disk)
    {
    }

    public static string[] Names => ["journal", "torn", "large", "log"];

    public static string[] Ids => ["gone", "some", "idé", "rolled", "large", "last"];

    public static AioLogSettings LogSettings => new() { SegmentSize = 1 << 20, BufferSize = 64 << 10, MaxAppend = 1 << 20, ZeroRate = 0 };

    public static async Task<AioTestDisk> MakeAsync(string name)
    {
        var disk = new AioTestDisk { Alignment = 4096 };
        switch (name)
        {
            case "journal":
                await RunAsync(disk, made => made.WriteJournalAsync());
                await RunAsync(disk, made => made.WriteAndAwaitAsync("last", 1, 2)); // another epoch
                break;
            case "torn":
                await RunAsync(disk, made => made.WriteAndAwaitAsync("some", 1, 2));
                await RunAsync(disk, async made =>
                {
                    await made.WriteAndAwaitAsync("some", 3, 3);
                    made.Write(made.Atomic("last", 1, 1, payload: _ => new byte[6000]));
                    await made.ExpectWrittenAsync(1);
                });
                Tear(disk, "/store/events/0000000001.seg");
                break;
            case "large":
                await RunAsync(disk, async made =>
                {
                    await made.WriteAndAwaitAsync("some", 1, 2);
                    made.Write(made.Atomic("large", 1, 1, payload: _ => new string('l', 3 << 19)));
                    await made.ExpectWrittenAsync(1);
                    await made.WriteAndAwaitAsync("some", 3, 3);
                    await made.AwaitFootersAsync(2);
                });
                break;
            default:
                await RunAsync(disk, async made =>
                {
                    await using var log = await AioLog.OpenAsync(made.Sys, "/log", LogSettings);
                    await log.AppendAsync("first"u8.ToArray());
                    await log.AppendAsync(["second"u8.ToArray(), Array.Empty<byte>(), "fourth"u8.ToArray()]);
                });
                break;
        }

        return disk;
    }

    private static async Task RunAsync(AioTestDisk disk, Func<GoldenStores, Task> run)
    {
        using var made = new GoldenStores(disk);
        await run(made);
        await made.Sys.Terminate();
    }

    // Segment 1 is full of events that are deleted: it is given back, and goes on as segment 3, with its old batches behind the new ones.
    private async Task WriteJournalAsync()
    {
        await WriteAndAwaitAsync("idé", 1, 1); // its last record is in segment 1 too
        Journal.Tell(new DeleteMessagesTo("idé", 1, Actor.Ref), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
        await FillAsync("gone", 2);
        Journal.Tell(new DeleteMessagesTo("gone", long.MaxValue, Actor.Ref), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
        await AwaitAssertAsync(() => Assert.Contains(Disk.Files, path => path.Contains("spare", StringComparison.Ordinal)), Patience);
        await WriteAllKindsAsync();
        await FillAsync("rolled", 3);
        await WriteAndAwaitAsync("some", 6, 6);
        await AwaitFootersAsync(2);
        await SaveSnapshotsAsync();
    }

    private async Task WriteAllKindsAsync()
    {
        Write(new AtomicWrite(
        [
            new Persistent(
                new Tagged("tagged", ImmutableHashSet.Create("red", "grün")), 2, "idé", manifest: "adapter's", sender: ActorRefs.NoSender,
                writerGuid: "a-writer", timestamp: new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).Ticks),
            new Persistent(new byte[] { 1, 2, 3 }, 3, "idé", sender: ActorRefs.NoSender, writerGuid: "a-writer"),
            new Persistent("", 4, "idé", sender: ActorRefs.NoSender, writerGuid: ""),
        ]));
        await ExpectWrittenAsync(3);
        await WriteAndAwaitAsync("some", 1, 5);
        Journal.Tell(new DeleteMessagesTo("some", 2, Actor.Ref), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
    }

    private async Task SaveSnapshotsAsync()
    {
        var time = new DateTime(2026, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        (string, long, string)[] snapshots = [("some", 4, "first"), ("some", 5, "old"), ("some", 5, "new"), ("idé", 3, "gone")];
        foreach (var (id, nr, snapshot) in snapshots)
        {
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata(id, nr, time), snapshot), Actor.Ref);
            await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        }

        Snapshots.Tell(new DeleteSnapshot(new SnapshotMetadata("idé", 3, DateTime.MinValue)), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteSnapshotSuccess>(Patience);
    }

    // Until the segment of that number has begun.
    private async Task FillAsync(string id, int segment)
    {
        for (var nr = 1; !HasBegun(segment); nr++)
        {
            Write(Atomic(id, nr, nr, payload: _ => new string('x', 60_000)));
            await ExpectWrittenAsync(1);
        }
    }

    private bool HasBegun(int segment) =>
        Disk.Files.Contains(PathOf(segment)) && Disk.ReadAllBytes(PathOf(segment)) is [(byte)'A', ..] bytes && bytes[48] == segment;

    private Task AwaitFootersAsync(int segment) => AwaitAssertAsync(
        () => Assert.Contains("AkkaAioF"u8.ToArray(), Blocks(Disk.ReadAllBytes(PathOf(segment)))), Patience);

    private static IEnumerable<byte[]> Blocks(byte[] bytes) => bytes.Chunk(4096).Select(block => block[..8]);

    private static string PathOf(int segment) => $"/store/events/{segment:D10}.seg";

    private async Task ExpectWrittenAsync(int events)
    {
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        for (; events > 0; events--)
        {
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }
    }

    // The second block of the last batch is not there.
    private static void Tear(AioTestDisk disk, string path)
    {
        var bytes = disk.ReadAllBytes(path);
        var last = Array.FindLastIndex(Enumerable.Range(0, 100).ToArray(), block => bytes.AsSpan(block * 4096).StartsWith("ALB1"u8));
        bytes.AsSpan((last + 1) * 4096, 4096).Clear();
        disk.WriteAllBytes(path, bytes);
    }

    private sealed class Quiet : ITestOutputHelper
    {
        public void WriteLine(string message)
        {
        }

        public void WriteLine(string format, params object[] args)
        {
        }
    }
}
