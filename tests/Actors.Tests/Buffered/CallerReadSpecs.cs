using System.Collections.Concurrent;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Buffered;

/// <summary>Awaited reads that the page cache answers are done by their callers, and never seen across a SetLength or Allocate.</summary>
public sealed class CallerReadSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    private int _looks;
    private int _blockingReads;

    [Fact]
    public async Task A_hit_is_there_at_once_and_counted()
    {
        var content = Pattern(2 * Block);
        var file = await Cached(content);
        var read = file.RentReadAsync(1, 100);
        Assert.True(read.IsCompletedSuccessfully);
        using (var buffer = await read)
        {
            Assert.Equal(content.AsSpan(1, 100), buffer.GetSpan());
        }

        var into = new byte[Block];
        var atEnd = file.ReadAsync(into, (2 * Block) - 10);
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
        Assert.Equal(10, await file.ReadAsync(new byte[10], 0));
        Assert.Equal(1, _looks);
        Assert.Equal(1, (await Stats()).Shards[0].CacheMisses);
    }

    [Fact]
    public async Task A_told_read_is_looked_for_by_the_shard_alone()
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
        Disk.Tell(new Aio.ReadInto(file, into, 7) { Token = 1 }, TestActor);
        Assert.Equal((1, Block), ExpectMsg<Aio.ReadIntoCompleted>() is var first ? ((int)first.Token!, first.Count) : default);
        Assert.Equal(content.AsSpan(7, Block), into.AsSpan());
        Assert.NotEqual(caller, Assert.Single(threads));
    }

    [Fact]
    public async Task An_actor_s_read_behind_a_close_is_refused_in_words()
    {
        var file = await Cached(Pattern(Block));
        Disk.Tell(new Aio.Close(file), TestActor);
        Disk.Tell(new Aio.ReadInto(file, new byte[10], 0), TestActor);
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
        await Assert.ThrowsAsync<AioClosedException>(async () => await file.ReadAsync(new byte[10], 0));
        Assert.Equal(0, _looks);
    }

    [Fact]
    public async Task Memory_that_is_disposed_is_said_so()
    {
        var file = await Cached(Pattern(Block));
        var buffer = Pool.Rent(Block);
        var memory = buffer.Memory;
        buffer.Dispose();
        await Assert.ThrowsAsync<AioBufferDisposedException>(async () => await file.ReadAsync(memory, 0));
    }

    [Fact]
    public async Task A_copy_beside_a_cut_is_done_again_behind_it()
    {
        var (file, cut) = (await Cached(Pattern(Block)), default(Aio.SetLength)!);
        await WhileOneIsUnderWay(file, () => cut = new Aio.SetLength(file, 10), count => Assert.Equal(10, count));
        Assert.Equal(2, _looks); // the one under way, and the last: not the shard's
        Assert.Equal(1, _blockingReads);
        Assert.Equal(10, file.Length);
    }

    [Fact]
    public async Task A_copy_beside_a_cut_of_another_open_is_done_again_behind_it()
    {
        var file = await Cached(Pattern(Block));
        var other = await Ext.OpenAsync(file.Path, new() { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Direct = DirectIo.Off });
        await WhileOneIsUnderWay(file, () => new Aio.SetLength(other, 10), count => Assert.Equal(10, count));
        Assert.Equal(1, _blockingReads);
    }

    [Fact]
    public async Task A_copy_beside_an_allocation_has_no_zeros_of_it()
    {
        var file = await Cached(Pattern(Block - 10));
        await WhileOneIsUnderWay(
            file, () => new Aio.Allocate(file, 0, 2 * Block), count => Assert.True(count is Block - 10 or Block, $"{count} bytes"));
        Assert.Equal(2 * Block, file.Length);
    }

    [Fact]
    public async Task A_copy_whose_allocation_fails_has_no_zeros_of_it()
    {
        // As ext4 leaves it on a full disk, until we put the end back: longer than before.
        var file = await Cached(Pattern(Block - 10));
        Engine.IsCached = path =>
        {
            using var longer = Engine.Open(path, new() { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Direct = DirectIo.Off });
            longer.SetLength(Block);
            return true;
        };
        Engine.OnFileCall = CountReads;
        _ = await file.ReadAsync(new byte[Block], 0);
        Assert.Equal(1, _blockingReads); // behind the end that was known: looked at where barriers are kept
    }

    [Fact]
    public async Task A_close_does_not_wait_for_a_copy_and_the_copy_has_its_own_bytes()
    {
        var file = await Cached(Pattern(Block));
        using var reached = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Engine.IsCached = _ =>
        {
            reached.Set();
            return go.Wait(Patience.Long);
        };
        var into = new byte[Block];
        var underWay = Task.Run(() => file.ReadAsync(into, 0).AsTask());
        Assert.True(reached.Wait(Patience.Long));
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        go.Set();
        Assert.Equal(Block, await underWay.WaitAsync(Patience.Long));
        Assert.Equal(Pattern(Block), into);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_behind_a_command_for_the_whole_file_does_not_look(bool cut)
    {
        var file = await Cached(Pattern(Block));
        using var go = new ManualResetEventSlim();
        Engine.OnFileCall = (call, _) => call is "ftruncate" or "fallocate" && !go.Wait(Patience.Long) ? Errno.EIO : Errno.None;
        Aio.BarrierCommand command = cut ? new Aio.SetLength(file, 10) : new Aio.Allocate(file, 0, 2 * Block);
        Replies.Tell(command);
        var behind = file.ReadAsync(new byte[Block], 0).AsTask();
        Assert.Equal(0, _looks);
        go.Set();
        Assert.Equal(cut ? 10 : Block, await behind.WaitAsync(Patience.Long));
        Assert.True(Replies.Has(command));
        Assert.Equal(0, _looks);
        Assert.Equal(5, await file.ReadAsync(new byte[5], 0)); // and on again
        Assert.Equal(1, _looks);
    }

    // An exclusive command is told and answered while a copy is under way.
    private async Task WhileOneIsUnderWay(AioFile file, Func<Aio.BarrierCommand> exclusive, Action<int> check)
    {
        using var reached = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Engine.IsCached = _ =>
        {
            Interlocked.Increment(ref _looks);
            reached.Set();
            return go.Wait(Patience.Long);
        };
        Engine.OnFileCall = CountReads;
        var underWay = Task.Run(() => file.ReadAsync(new byte[Block], 0).AsTask());
        Assert.True(reached.Wait(Patience.Long));
        var command = exclusive();
        Replies.Tell(command);
        await Replies.Of(command);
        go.Set();
        check(await underWay.WaitAsync(Patience.Long));
        var before = _looks;
        Assert.Equal(5, await file.ReadAsync(new byte[5], 0)); // and on again
        Assert.Equal(before + 1, _looks);
    }

    private Errno CountReads(string call, string path)
    {
        Interlocked.Add(ref _blockingReads, call == "read" ? 1 : 0);
        return Errno.None;
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
                            Assert.Equal(Block, await file.ReadAsync(memory, i % 4 * Block));
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

    [SkippableFact]
    public async Task Readers_beside_cuts_never_see_the_zeros_of_one()
    {
        // A cut writes zeros behind the new end into the page, which a copy that has seen the old end would take for data.
        var content = Enumerable.Repeat((byte)7, Block).ToArray();
        var file = await FileOf(content, DirectIo.Off);
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            var memory = new byte[Block];
            while (!done.IsCancellationRequested)
            {
                var count = await file.ReadAsync(memory, 0);
                Assert.InRange(count, 10, Block);
                Assert.DoesNotContain(memory.Take(count), value => value != 7);
            }
        })).ToArray();
        for (var round = 0; round < 200; round++)
        {
            await file.SetLengthAsync(10);
            await file.WriteAsync(content.AsMemory(10), 10);
        }

        await done.CancelAsync();
        await Task.WhenAll(readers).WaitAsync(Patience.Long);
    }
}
