using AkkaAio.Demo.Files;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Buffered;

/// <summary>Reads of buffered files that the page cache answers on the shard's thread, and those that it does not.</summary>
public sealed class CachedReadSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "akka.io.aio.depth = 4", output)
{
    private const int Longest = 64 << 10;

    private int _looks;
    private int _blockingReads;

    [Fact]
    public async Task A_hit_is_answered_without_a_blocking_thread_and_once()
    {
        var content = Pattern(3 * Block / 2);
        var file = await Counted(content, cached: true);

        Replies.Tell(new Aio.RentRead(file, 1, 100));
        Replies.Tell(new Aio.RentRead(file, Block, Block)); // meets the end
        Replies.Tell(new Aio.RentRead(file, 9 * Block, 10)); // behind it
        var into = new byte[10];
        Replies.Tell(new Aio.ReadInto(file, into, 5));
        await Eventually(() => Replies.Count == 4, "four reads are answered");

        var reads = Replies.InOrder.OfType<Aio.RentReadCompleted>().ToArray();
        Assert.Equal(content.AsSpan(1, 100), reads[0].Buffer.GetSpan());
        Assert.Equal(content.AsSpan(Block), reads[1].Buffer.GetSpan());
        Assert.Equal(0, reads[2].Buffer.Length);
        Assert.Equal(content.AsSpan(5, 10), into.AsSpan());
        Assert.All(reads, read => read.Buffer.Dispose());
        Assert.Equal((4, 0), (_looks, _blockingReads));
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        Assert.Equal(5, Replies.Count);
        Assert.Equal((4, 0), await HitsAndMisses());
    }

    [Fact]
    public async Task A_miss_a_long_read_and_a_write_go_to_a_blocking_thread()
    {
        var file = await Counted(Pattern(2 * Longest), cached: false);
        using (var missed = await file.RentReadAsync(0, Longest))
        {
            Assert.Equal(Pattern(2 * Longest).AsSpan(0, Longest), missed.GetSpan());
        }

        Assert.Equal((1, 1), (_looks, _blockingReads));
        Engine.IsCached = _ => throw new InvalidOperationException("not for this one");
        using (var tooLong = await file.RentReadAsync(0, Longest + 1))
        {
            Assert.Equal(Longest + 1, tooLong.Length);
        }

        await file.WriteAsync(new byte[Block], 0);
        Assert.Equal(2, _blockingReads);
        Assert.Equal((0, 1), await HitsAndMisses()); // what is too long was not looked for
    }

    [Fact]
    public async Task Hits_and_misses_in_any_order_beside_a_barrier_get_one_reply_each()
    {
        var content = Pattern(64 * Block);
        var file = await Counted(content, cached: true);
        var random = new Random(3);
        Engine.IsCached = _ => Interlocked.Increment(ref _looks) % 3 != 0;
        const int Reads = 300;
        for (var i = 0; i < Reads; i++)
        {
            Replies.Tell(new Aio.RentRead(file, random.Next(64) * Block, Block));
        }

        Replies.Tell(new Aio.Flush(file));
        Replies.Tell(new Aio.Close(file));
        await Eventually(() => Replies.Count == Reads + 2, "everything is answered");

        Assert.IsType<Aio.Closed>(Replies.InOrder[^1]);
        Assert.Equal(Reads, Replies.InOrder.OfType<Aio.RentReadCompleted>().Select(read => read.Command).Distinct().Count());
        foreach (var read in Replies.InOrder.OfType<Aio.RentReadCompleted>())
        {
            Assert.Equal(content.AsSpan((int)read.Command.Offset, Block), read.Buffer.GetSpan());
            read.Buffer.Dispose();
        }
    }

    [Fact]
    public async Task A_look_that_throws_restarts_the_shard_and_the_read_has_its_reply()
    {
        var file = await Counted(Pattern(Block), cached: true);
        Engine.IsCached = _ => throw new InvalidOperationException("bomb");

        await Replies.Fails<AioAbortedException>(new Aio.RentRead(file, 0, 10));

        Engine.IsCached = null;
        using var read = await file.RentReadAsync(0, 10);
        Assert.Equal(Pattern(Block).AsSpan(0, 10), read.GetSpan());
    }

    private async Task<(long Hits, long Misses)> HitsAndMisses()
    {
        var shard = (await Stats()).Shards[0];
        return (shard.CacheHits, shard.CacheMisses);
    }

    private async Task<AioFile> Counted(byte[] content, bool cached)
    {
        var file = await FileOf(content, DirectIo.Off);
        Engine.IsCached = _ => Interlocked.Increment(ref _looks) > 0 && cached;
        Engine.OnFileCall = (call, _) =>
        {
            Interlocked.Add(ref _blockingReads, call == "read" ? 1 : 0);
            return Errno.None;
        };
        return file;
    }
}

public sealed class BufferedSpecsOnLinuxAio(ITestOutputHelper output) : BufferedSpecs(EngineKind.LinuxAio, output);

public sealed class BufferedSpecsOnThreadPool(ITestOutputHelper output) : BufferedSpecs(EngineKind.ThreadPool, output);

/// <summary>Buffered files on real file systems: through the blocking dispatcher, or through the engine that takes them.</summary>
public abstract class BufferedSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "", output)
{
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reads_of_any_range_have_the_right_bytes_cached_or_not(bool drop)
    {
        var content = Pattern((200 << 10) + 123);
        var file = await FileOf(content, DirectIo.Off);
        if (drop)
        {
            PageCache.Drop(file.Path);
        }

        var random = new Random(5);
        var tasks = Enumerable.Range(0, 200).Select(async _ =>
        {
            int offset, length;
            lock (random)
            {
                (offset, length) = (random.Next(content.Length), random.Next(100 << 10));
            }

            using var read = await file.RentReadAsync(offset, length);
            Assert.Equal(content.AsSpan(offset, Math.Min(length, content.Length - offset)), read.GetSpan());
        });
        await Task.WhenAll(tasks).WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task What_is_written_and_flushed_is_read_and_on_the_disk()
    {
        var file = await NewFile(direct: DirectIo.Off);
        var content = Pattern(100_001);
        await file.WriteAsync(content, 7);
        await file.FlushAsync();
        using var read = await file.RentReadAsync(7, content.Length + 10);

        Assert.Equal(content, read.GetSpan());
        Assert.Equal([.. new byte[7], .. content], ContentOf(file));
        var submitted = Kind == EngineKind.ThreadPool ? 3 : 1; // else the fdatasync alone
        Assert.Equal(submitted, (await StatsAfter(submitted)).Shards.Sum(shard => shard.Submitted));
    }
}
