using AkkaAio.Interop.Engines;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Barriers;

/// <summary>What a file was made longer by and nothing was written to is taken back, and nothing else.</summary>
public sealed class GrowthTailSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    [Fact]
    public async Task A_write_that_fails_after_a_growth_or_is_cancelled_leaves_the_disk_as_it_was()
    {
        var file = await NewFile(Block);
        Engine.OnOperation = (in IoRequest request) => request.Opcode == IoOpcode.Write ? new() { Error = Errno.EIO } : default;
        await Replies.Fails<AioSystemException>(new Aio.Write(file, new byte[Block], Block));
        await Eventually(() => LengthOnDisk(file.Path) == Block, "the growth is taken back");

        Engine.OnOperation = null;
        using var stuck = Rules.Allocations(file.Path).Times(1).Hold();
        var write = Replies.Tell(new Aio.Write(file, new byte[Block], Block));
        await stuck.WhenHit();
        await Replies.Do<Aio.Canceled>(new Aio.Cancel(write));
        stuck.Release();
        await Eventually(() => Rules.RunningOperations.Count == 0, "the growth is done");
        await Fence(file);
        await Eventually(() => LengthOnDisk(file.Path) == Block, "the growth is taken back");
        await file.WriteAsync(Pattern(Block, 3), Block);
        Assert.Equal(Pattern(Block, 3), OnDisk(file.Path)[Block..]);
    }

    [Fact]
    public async Task Close_leaves_the_tail_while_another_writers_append_is_in_it()
    {
        var first = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 64 * Block });
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open });
        await first.WriteAsync(Pattern(Block), 0);
        Engine.OnOperation = (in IoRequest request) => request.Opcode == IoOpcode.Write ? new() { Hold = true } : default;
        var held = Replies.Tell(new Aio.Write(first, Pattern(Block, 2), Block));
        await Eventually(() => Ext.Shards.Sum(shard => shard.Counters.Submitted) == 2, "it is in flight");
        await second.DisposeAsync();
        Assert.Equal(65 * Block, LengthOnDisk(first.Path));
        Engine.OnOperation = null;
        Engine.Release();
        await Replies.Of<Aio.WriteCompleted>(held);
        await first.DisposeAsync();
        Assert.Equal([.. Pattern(Block), .. Pattern(Block, 2)], OnDisk(first.Path));
    }

    [Theory]
    [InlineData(1, "in the tail")]
    [InlineData(80, "behind it")]
    public async Task A_buffered_write_of_another_open_is_kept_when_the_tail_is_cut(int block, string where)
    {
        var first = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 64 * Block });
        var other = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open, Direct = DirectIo.Off });
        await first.WriteAsync(Pattern(Block), 0);
        Task? write = null;
        Engine.OnFileCall = (call, _) =>
        {
            if (call == "ftruncate" && write is null)
            {
                // After the look at the tail, before its cut. It is done in no time, or waits for the cut.
                write = Task.Run(() => other.WriteAsync(Pattern(Block, 2), block * Block).AsTask());
                write.Wait(TimeSpan.FromSeconds(0.5));
            }

            return Errno.None;
        };
        await first.DisposeAsync();
        Assert.NotNull(write);
        await write.WaitAsync(Patience.Long);
        Assert.Equal((block + 1) * Block, other.Length);
        await other.DisposeAsync();
        Assert.True(
            OnDisk(other.Path).AsSpan().SequenceEqual([.. Pattern(Block), .. new byte[(block - 1) * Block], .. Pattern(Block, 2)]),
            $"the write {where} is lost");
    }

    [Fact]
    public async Task A_tail_is_taken_back_behind_the_writes_of_another_open_that_were_in_the_way()
    {
        var first = await NewFile(Block);
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open });
        Engine.OnOperation = (in IoRequest request) => request.Opcode != IoOpcode.Write ? default
            : request.Offset == 0 ? new() { Hold = true } : new() { Error = Errno.EIO };
        var held = Replies.Tell(new Aio.Write(second, Pattern(Block), 0));
        await Replies.Fails<AioSystemException>(new Aio.Write(first, new byte[Block], Block));
        for (var i = 0; i < 8; i++)
        {
            await Fence(first);
            await (await NewFile()).DisposeAsync(); // blocking threads have had time to look at the tail
        }

        Assert.Equal(2 * Block, LengthOnDisk(first.Path));
        Engine.Release();
        await Replies.Of<Aio.WriteCompleted>(held);
        await Eventually(() => LengthOnDisk(first.Path) == Block, "the tail is taken back");
        Assert.Equal(Pattern(Block), OnDisk(first.Path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_trim_at_Close_is_as_durable_as_the_flush_before_it(bool flush)
    {
        var calls = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 16 * Block });
        await file.WriteAsync(Pattern(Block), 0);
        if (flush)
        {
            await file.FlushAsync();
        }

        Engine.OnFileCall = (call, _) =>
        {
            calls.Enqueue(call);
            return Errno.None;
        };
        await file.DisposeAsync();
        Assert.Equal(flush, calls.SkipWhile(call => call != "ftruncate").Contains("fdatasync"));
        Assert.Contains("ftruncate", calls);
    }

    [Fact]
    public async Task A_tail_that_cannot_be_cut_is_no_error_of_Close()
    {
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 16 * Block });
        await file.WriteAsync(Pattern(Block), 0);
        Engine.OnFileCall = (call, _) => call == "ftruncate" ? Errno.EPERM : Errno.None;
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        Assert.Equal(17 * Block, LengthOnDisk(file.Path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_growth_ahead_that_is_under_way_spoils_neither_Close_nor_SetLength(bool close)
    {
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 16 * Block });
        var other = await NewFile(Block);
        await file.WriteAsync(Pattern(Block), 0);
        using var stuck = Rules.Allocations(file.Path).Times(1).Hold();
        for (var i = 1; i < 14; i++)
        {
            await file.WriteAsync(Pattern(Block, i), i * Block); // the second half starts the next growth
        }

        await stuck.WhenHit();
        var barrier = Replies.Tell<Aio.BarrierCommand>(close ? new Aio.Close(file) : new Aio.SetLength(file, Block));
        await Fence(other);
        stuck.Release();
        Assert.IsNotType<Aio.CommandFailed>(await Replies.Of(barrier));
        await Replies.Of(Replies.Tell(new Aio.Close(file)));
        await Fence(other);
        await Eventually(() => Engine.OpenFiles == 1, "the file is closed");
        await Eventually(() => Rules.RunningOperations.Count == 0, "the growth is done");
        Assert.Equal(close ? 14 * Block : Block, LengthOnDisk(file.Path));
    }
}
