using System.Collections.Concurrent;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Buffered;

/// <summary>Reads that the page cache answers are done by their callers, and never across a SetLength, Allocate or Close.</summary>
public sealed class CallerReadSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    private int _looks;

    [Fact]
    public async Task A_hit_is_there_at_once_and_counted()
    {
        var content = Pattern(2 * Block);
        var file = await Cached(content);
        var read = file.ReadAsync(1, 100);
        Assert.True(read.IsCompletedSuccessfully);
        using (var buffer = await read)
        {
            Assert.Equal(content.AsSpan(1, 100), buffer.GetSpan());
        }

        var into = new byte[Block];
        var atEnd = file.ReadAsync((2 * Block) - 10, into);
        Assert.True(atEnd.IsCompletedSuccessfully);
        Assert.Equal(10, await atEnd);
        Assert.Equal(content.AsSpan((2 * Block) - 10), into.AsSpan(0, 10));
        var shard = (await Stats()).Shards[0];
        Assert.Equal((2, 110, 2, 0), (shard.Reads, shard.ReadBytes, shard.CacheHits, shard.CacheMisses));
    }

    [Fact]
    public async Task A_miss_is_looked_for_once()
    {
        var file = await Cached(Pattern(Block));
        Engine.IsCached = _ => Interlocked.Increment(ref _looks) < 0;
        Assert.Equal(10, await file.ReadAsync(0, new byte[10]));
        Assert.Equal(1, _looks);
        Assert.Equal(1, (await Stats()).Shards[0].CacheMisses);
    }

    [Fact]
    public async Task An_actor_s_hit_is_answered_on_the_thread_that_tells_it()
    {
        var content = Pattern(2 * Block);
        var file = await Cached(content);
        var (threads, caller) = (new ConcurrentBag<int>(), Environment.CurrentManagedThreadId);
        Engine.IsCached = _ =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            return true;
        };
        var into = new byte[Block];
        Disk.Tell(new Aio.ReadInto(file, 7, into) { Token = 1 }, TestActor);
        Disk.Tell(new Aio.Read(file, (2 * Block) - 10, Block) { Token = 2 }, TestActor);
        Assert.Equal([caller, caller], threads);

        Assert.Equal((1, Block), ExpectMsg<Aio.ReadIntoCompleted>() is var first ? ((int)first.Token!, first.Count) : default);
        Assert.Equal(content.AsSpan(7, Block), into.AsSpan());
        var second = ExpectMsg<Aio.ReadCompleted>();
        using var buffer = second.Buffer;
        Assert.Equal((2, 10), ((int)second.Token!, second.Count));
        Assert.Equal(content.AsSpan((2 * Block) - 10), buffer.GetSpan());
        Assert.Equal(file.HomeShard.Ref, LastSender);
        var shard = (await Stats()).Shards[0];
        Assert.Equal((2, Block + 10, 2, 0), (shard.Reads, shard.ReadBytes, shard.CacheHits, shard.CacheMisses));
    }

    [Fact]
    public async Task An_actor_s_miss_is_looked_for_once()
    {
        var content = Pattern(Block);
        var file = await Cached(content);
        Engine.IsCached = _ => Interlocked.Increment(ref _looks) < 0;
        Disk.Tell(new Aio.Read(file, 0, 10), TestActor);
        using var buffer = ExpectMsg<Aio.ReadCompleted>().Buffer;
        Assert.Equal(content.AsSpan(0, 10), buffer.GetSpan());
        Assert.Equal(1, _looks);
        Assert.Equal(1, (await Stats()).Shards[0].CacheMisses);
    }

    [Fact]
    public async Task A_ref_with_code_of_its_own_is_never_told_within_its_own_tell()
    {
        // Else each reply would tell the next command one call deeper.
        var file = await Cached(Pattern(Block));
        var (inside, deepest, left) = (0, 0, 100);
        var last = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Replies.OnReply = _ =>
        {
            deepest = Math.Max(deepest, ++inside);
            if (--left > 0)
            {
                Replies.Tell(new Aio.ReadInto(file, 0, new byte[10]));
            }
            else
            {
                last.SetResult();
            }

            inside--;
        };
        Replies.Tell(new Aio.ReadInto(file, 0, new byte[10]));
        await last.Task.WaitAsync(Patience.Long);
        Assert.Equal(1, deepest);
    }

    [Fact]
    public async Task An_actor_s_read_behind_a_close_is_refused_in_words()
    {
        var file = await Cached(Pattern(Block));
        Disk.Tell(new Aio.Close(file), TestActor);
        Disk.Tell(new Aio.ReadInto(file, 0, new byte[10]), TestActor);
        var replies = new object[] { ExpectMsg<Aio.Event>(), ExpectMsg<Aio.Event>() };
        Assert.Single(replies.OfType<Aio.Closed>());
        Assert.IsType<AioClosedException>(Assert.Single(replies.OfType<Aio.CommandFailed>()).Cause);
        Assert.Equal(0, _looks);
    }

    [Fact]
    public async Task After_a_close_was_told_there_are_none()
    {
        var file = await Cached(Pattern(Block));
        Replies.Tell(new Aio.Close(file));
        await Assert.ThrowsAsync<AioClosedException>(async () => await file.ReadAsync(0, new byte[10]));
        Assert.Equal(0, _looks);
    }

    [Fact]
    public async Task Memory_that_is_disposed_is_said_so()
    {
        var file = await Cached(Pattern(Block));
        var buffer = Pool.Rent(Block);
        var memory = buffer.Memory;
        buffer.Dispose();
        await Assert.ThrowsAsync<AioBufferDisposedException>(async () => await file.ReadAsync(0, memory));
    }

    public static TheoryData<string> Exclusives { get; } = ["SetLength", "Allocate", "Close"];

    [Theory]
    [MemberData(nameof(Exclusives))]
    public async Task What_acts_on_the_whole_file_waits_for_them_and_they_for_it(string exclusive)
    {
        var (file, other) = (await Cached(Pattern(Block)), await NewFile(Block));
        using var reached = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Engine.IsCached = _ =>
        {
            Interlocked.Increment(ref _looks);
            reached.Set();
            return go.Wait(Patience.Long);
        };
        var underWay = Task.Run(() => file.ReadAsync(0, new byte[Block]).AsTask());
        Assert.True(reached.Wait(Patience.Long));
        var calls = 0;
        Engine.OnFileCall = (call, _) =>
        {
            Interlocked.Increment(ref calls);
            return Errno.None;
        };
        Aio.BarrierCommand command = exclusive switch
        {
            "SetLength" => new Aio.SetLength(file, 10),
            "Allocate" => new Aio.Allocate(file, 0, 2 * Block),
            _ => new Aio.Close(file),
        };
        Replies.Tell(command);
        var behind = file.ReadAsync(0, new byte[Block]).AsTask();
        await Fence(other); // the shard has had the barrier
        Assert.False(Replies.Has(command));
        Assert.Equal((1, 0), (_looks, calls)); // the one behind did not look, and nothing has been done to the file
        Assert.False(behind.IsCompleted && exclusive != "Close");

        go.Set();
        Assert.Equal(Block, await underWay.WaitAsync(Patience.Long));
        await Replies.Of(command);
        if (exclusive == "Close")
        {
            await Assert.ThrowsAsync<AioClosedException>(() => behind);
            return;
        }

        Assert.Equal(exclusive == "SetLength" ? 10 : Block, await behind.WaitAsync(Patience.Long));
        var before = _looks;
        Assert.Equal(5, await file.ReadAsync(0, new byte[5])); // and on again
        Assert.Equal(before + 1, _looks);
    }

    private async Task<AioFile> Cached(byte[] content)
    {
        var file = await FileOf(content, DirectIo.Off);
        Engine.IsCached = _ => Interlocked.Increment(ref _looks) > 0;
        return file;
    }
}

/// <summary>On a real page cache, many callers beside a file that is cut and closed: never another's bytes.</summary>
public sealed class CallerReadsOnThePageCache(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAio, "akka.io.aio.shards = 2", output)
{
    [SkippableFact]
    public async Task Readers_beside_closes_and_reopens_see_their_own_file_or_a_closed_one()
    {
        // Descriptors are used again at once: a read across the close of one would see another file's content.
        var contents = Enumerable.Range(0, 4).Select(i => Enumerable.Repeat((byte)(i + 1), 4 * Block).ToArray()).ToArray();
        var paths = new List<string>();
        foreach (var content in contents)
        {
            var path = NewPath();
            await File.WriteAllBytesAsync(path, content);
            paths.Add(path);
        }

        var readers = Enumerable.Range(0, 4).Select(own => Task.Run(async () =>
        {
            for (var round = 0; round < 200; round++)
            {
                var file = await Ext.OpenAsync(paths[own], new AioOpenOptions { Direct = DirectIo.Off });
                var reads = Task.Run(async () =>
                {
                    var memory = new byte[Block];
                    for (var i = 0; i < 1000; i++)
                    {
                        try
                        {
                            Assert.Equal(Block, await file.ReadAsync(i % 4 * Block, memory));
                            Assert.DoesNotContain(memory, value => value != own + 1);
                        }
                        catch (AioClosedException)
                        {
                            return;
                        }
                    }
                });
                await file.DisposeAsync();
                await reads;
            }
        })).ToArray();
        await Task.WhenAll(readers).WaitAsync(Patience.Long);
    }
}
