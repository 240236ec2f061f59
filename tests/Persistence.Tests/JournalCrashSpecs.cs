using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests;

/// <summary>A journal under several actors: no power cut, and no block that is lost, takes an acknowledged event without a word.</summary>
public sealed class JournalCrashSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    private const int Block = 4096;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task No_power_cut_takes_an_acknowledged_event_or_a_part_of_what_was_persisted_together(int pipeline)
    {
        var disk = await WorkAsync($"akka.persistence.aio-store.write {{ pipeline = {pipeline}, pipeline-from = 0 s }}");
        var figures = disk.VerifyCrashes(Judge, new CrashOptions { MaxImagesPerCut = 24 });
        Output.WriteLine($"{figures}");
        Assert.True(figures.Images > 1000, $"{figures}");
    }

    [Fact]
    public async Task What_a_power_cut_leaves_is_read_by_a_start()
    {
        var disk = await WorkAsync("akka.persistence.aio-store.write.pipeline = 4");
        var images = disk.EveryCrash(new CrashOptions { MaxImagesPerCut = 2 });
        for (var cut = images.CutPoints - 1; cut >= 0; cut -= Math.Max(1, images.CutPoints / 40))
        {
            var image = images[cut, 0];
            if (image.Acknowledged.Count == 0)
            {
                continue;
            }

            using var reader = new StoreReader(image.ToDisk());
            var found = await reader.ReadAsync(["a", "b", "c", "d"]);
            var events = found.SelectMany(
                id => ((List<IPersistentRepresentation>)id.Value).Select(stored => (id.Key, stored.SequenceNr))).ToHashSet();
            Assert.Superset(image.Acknowledged.Cast<(string, long)>().ToHashSet(), events);
        }
    }

    [Fact]
    public async Task Without_the_barrier_events_are_lost()
    {
        var disk = await WorkAsync("akka.persistence.aio-store.write { pipeline = 4, durability = none }");
        Assert.Throws<CrashException>(() => disk.VerifyCrashes(Judge, new CrashOptions { MaxImagesPerCut = 24 }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lost_block_is_a_torn_tail_or_refused_where_it_is_also_in_a_recycled_segment(bool isOld)
    {
        var (path, old) = await RecycleAsync();
        var known = new KnownStore(Disk);
        var disk = new AioTestDisk { Alignment = Block };
        known.WriteTo(disk);
        using var reader = new StoreReader(disk);
        var last = known.Batches.Where(batch => batch.Path == path).TakeLast(30).ToArray();
        Assert.Equal(30, last.Length);
        foreach (var batch in last)
        {
            for (var at = batch.Offset; at < batch.Offset + batch.Length; at += Block)
            {
                var bytes = known.Files[path].ToArray();
                var lost = isOld ? old.AsSpan(at, Block) : new byte[Block];
                lost.CopyTo(bytes.AsSpan(at));
                disk.WriteAllBytes(path, bytes);
                await CheckAsync(reader, known, batch, bytes);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_prefix_is_read_also_of_a_recycled_segment(bool isOld)
    {
        var (path, old) = await RecycleAsync();
        var known = new KnownStore(Disk);
        var disk = new AioTestDisk { Alignment = Block };
        known.WriteTo(disk);
        using var reader = new StoreReader(disk);
        foreach (var batch in known.Batches.Where(batch => batch.Path == path).Skip(1).TakeLast(40))
        {
            var bytes = isOld ? old.ToArray() : new byte[old.Length];
            known.Files[path].AsSpan(0, batch.Offset).CopyTo(bytes);
            disk.WriteAllBytes(path, bytes);
            CheckPrefix(known, await reader.ReadAsync(["new"]), batch.Number);
        }
    }

    // Four actors, each with its own writes, some of several events together.
    private static async Task<AioTestDisk> WorkAsync(string hocon)
    {
        var disk = new AioTestDisk { Alignment = Block, SectorSize = Block };
        using var system = ActorSystem.Create("work", SetupOf(hocon, disk));
        var journal = JournalOf(system);
        var actors = new[] { "a", "b", "c", "d" }.Select(async (id, i) =>
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            system.ActorOf(Props.Create(() => new Writer(journal, disk, id, i, done)));
            await done.Task.WaitAsync(Patience);
        });
        await Task.WhenAll(actors);
        await system.Terminate();
        return disk;
    }

    private static void Judge(CrashImage image)
    {
        var found = new KnownStore(image.Files.ToDictionary(file => file.Key, file => file.Value.ToArray())).Batches
            .SelectMany(batch => batch.Events).ToHashSet();
        foreach (var (id, nr) in image.Acknowledged.Cast<(string, long)>())
        {
            if (!found.Contains((id, nr)))
            {
                throw new InvalidOperationException($"event {nr} of {id} is not there");
            }
        }

        foreach (var (id, nr) in found)
        {
            if (Writer.Together(nr).Any(other => !found.Contains((id, other))))
            {
                throw new InvalidOperationException($"event {nr} of {id} is there without those that were persisted with it");
            }
        }
    }

    // The segment that is written to was segment 1, whose events are all deleted; what it held before.
    private async Task<(string Path, byte[] Old)> RecycleAsync()
    {
        var nr = 1L;
        for (; !Disk.Files.Contains(PathOf(2)) || Disk.ReadAllBytes(PathOf(2))[0] != 'A'; nr++)
        {
            await WriteOneAsync("old", nr);
        }

        Journal.Tell(new DeleteMessagesTo("old", long.MaxValue, Actor.Ref), Actor.Ref);
        await Actor.ExpectMsgAsync<DeleteMessagesSuccess>(Patience);
        await AwaitAssertAsync(() => Assert.Contains("/store/events/spare-0000000001.seg", Disk.Files), Patience);
        var old = Disk.ReadAllBytes("/store/events/spare-0000000001.seg");
        for (nr = 1; !Disk.Files.Contains(PathOf(3)) || Disk.ReadAllBytes(PathOf(3))[48] != 3; nr++)
        {
            await WriteOneAsync("new", nr);
        }

        for (var behind = nr + 50; nr < behind; nr++)
        {
            await WriteOneAsync("new", nr);
        }

        await Sys.Terminate();
        return (PathOf(3), old);
    }

    private async Task WriteOneAsync(string id, long nr)
    {
        Write(Atomic(id, nr, nr, payload: at => KnownStore.PayloadOf(id, at)));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
    }

    private static async Task CheckAsync(StoreReader reader, KnownStore known, KnownBatch lost, byte[] bytes)
    {
        var isSame = bytes.AsSpan(lost.Offset, lost.Length).SequenceEqual(known.Files[lost.Path].AsSpan(lost.Offset, lost.Length));
        var isWitnessed = known.Batches.Any(batch => batch.Number > lost.Number && batch.DurableUpTo >= lost.Number);
        if (isWitnessed && !isSame)
        {
            var cause = await Assert.ThrowsAsync<AioLogCorruptionException>(() => reader.ReadAsync(["new"]));
            Assert.Equal((lost.Path, lost.Offset, lost.Number), (cause.Path, cause.Offset, cause.Batch));
        }
        else
        {
            CheckPrefix(known, await reader.ReadAsync(["new"]), isSame ? long.MaxValue : lost.Number);
        }
    }

    private static void CheckPrefix(KnownStore known, Dictionary<string, object> results, long end)
    {
        foreach (var (id, result) in results)
        {
            var missing = known.Missing(id, (List<IPersistentRepresentation>)result);
            var behind = known.Batches.Where(batch => batch.Number >= end).SelectMany(batch => batch.Events)
                .Where(stored => stored.Id == id);
            Assert.Equal(behind.ToHashSet(), missing);
        }
    }

    private static string PathOf(int segment) => $"/store/events/{segment:D10}.seg";

    private sealed class Writer : UntypedActor
    {
        private const int Writes = 60;

        private readonly IActorRef _journal;
        private readonly AioTestDisk _disk;
        private readonly string _id;
        private readonly TaskCompletionSource _done;
        private long _next = 1;
        private int _left;

        public Writer(IActorRef journal, AioTestDisk disk, string id, int number, TaskCompletionSource done) =>
            (_journal, _disk, _id, _done, _left) = (journal, disk, id, done, Writes + number);

        /// <summary>Events are persisted by three: 1 to 3, 4 to 6.</summary>
        public static IEnumerable<long> Together(long nr) => Range(((nr - 1) / 3 * 3) + 1, ((nr - 1) / 3 * 3) + 3);

        protected override void PreStart() => Next();

        protected override void OnReceive(object message)
        {
            if (message is not WriteMessageSuccess success)
            {
                return;
            }

            _disk.Acknowledge((_id, success.Persistent.SequenceNr));
            if (success.Persistent.SequenceNr == _next - 1)
            {
                Next();
            }
        }

        private void Next()
        {
            if (_left-- == 0)
            {
                _done.SetResult();
                return;
            }

            var events = Range(_next, _next + 2).Select(nr => new Persistent(
                new string('x', (int)(nr * 1009 % 4000)), nr, _id, sender: ActorRefs.NoSender, writerGuid: "w"));
            _journal.Tell(new WriteMessages([new AtomicWrite([.. events])], Self, 1), Self);
            _next += 3;
        }
    }
}
