using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Barriers;

/// <summary>Growth meets errors and barriers.</summary>
public sealed class GrowthFaultSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    [Theory]
    [InlineData(Errno.ENOSPC)]
    [InlineData(Errno.EDQUOT)]
    [InlineData(Errno.EIO)]
    public async Task A_disk_that_is_full_fails_the_append_and_nothing_else(Errno errno)
    {
        var file = await NewFile(Block);
        Engine.OnFileCall = (call, _) => call == "fallocate" ? errno : Errno.None;
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Write(file, new byte[Block], Block));
        Assert.Equal(errno, Assert.IsType<AioSystemException>(failed.Cause).Errno);
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        Assert.Equal(Block, file.Length);
        Engine.OnFileCall = null;
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], Block));
    }

    [Fact]
    public async Task A_full_disk_fails_every_waiting_append_and_a_barrier_behind_them_goes_on()
    {
        var file = await NewFile(Block);
        Engine.OnFileCall = (call, _) => call == "fallocate" ? Errno.ENOSPC : Errno.None;
        var writes = Enumerable.Range(1, 50).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));
        var close = Replies.Tell(new Aio.Close(file));
        await Replies.AssertOneEach([.. writes, flush, close]);
        Assert.Equal(50, Replies.InOrder.Count(reply => reply is Aio.CommandFailed { Outcome: AioOutcome.NotPerformed }));
        Assert.Equal(Block, LengthOnDisk(file.Path));
    }

    [Fact]
    public async Task A_far_append_that_does_not_fit_leaves_a_near_one_alone()
    {
        var file = await NewFile(Block);
        var room = 8 * Block;
        Engine.OnAllocate = (_, end) => end > room ? Errno.ENOSPC : Errno.None;
        using var stuck = Rules.Allocations(file.Path).Times(1).Hold();
        var first = Replies.Tell(new Aio.Write(file, new byte[Block], Block));
        await stuck.WhenHit();
        var far = Replies.Tell(new Aio.Write(file, new byte[Block], 100 * Block));
        var near = Replies.Tell(new Aio.Write(file, new byte[Block], 2 * Block));
        await Fence(await NewFile(Block));
        stuck.Release();
        await Replies.Of<Aio.WriteCompleted>(first);
        await Replies.Of<Aio.WriteCompleted>(near);
        Assert.Equal(Errno.ENOSPC, Assert.IsType<AioSystemException>((await Replies.Of<Aio.CommandFailed>(far)).Cause).Errno);
        Assert.Equal(3 * Block, LengthOnDisk(file.Path));
    }

    [Fact]
    public async Task Of_neighbours_that_do_not_all_fit_those_that_fit_are_written()
    {
        var file = await NewFile(Block);
        Engine.OnAllocate = (_, end) => end > 8 * Block ? Errno.ENOSPC : Errno.None;
        using var stuck = Rules.Allocations(file.Path).Times(1).Hold();
        var first = Replies.Tell(new Aio.Write(file, new byte[Block], Block));
        await stuck.WhenHit();
        var writes = Enumerable.Range(2, 20).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        await Fence(await NewFile(Block));
        stuck.Release();
        await Replies.Of<Aio.WriteCompleted>(first);
        await Task.WhenAll(writes.Select(Replies.Of));
        Assert.Equal(6, writes.Count(write => Replies.Of(write).Result is Aio.WriteCompleted));
        Assert.Equal(8 * Block, LengthOnDisk(file.Path));
    }

    [Fact]
    public async Task Without_fallocate_nobody_elses_data_is_cut_off()
    {
        var direct = await NewFile();
        var buffered = await Ext.OpenAsync(direct.Path, New with { Mode = FileMode.Open, Direct = DirectIo.Off });
        Engine.OnFileCall = (call, _) => call == "fallocate" ? Errno.EOPNOTSUPP : Errno.None;
        await buffered.WriteAsync(Pattern(1_000_000), 0);
        await direct.WriteAsync(Pattern(Block, 2), 0);
        Assert.Equal([.. Pattern(Block, 2), .. Pattern(1_000_000)[Block..]], OnDisk(direct.Path));
        Assert.Equal(1_000_000, direct.Length);
    }

    [Fact]
    public async Task A_write_that_is_refused_has_not_made_the_file_longer()
    {
        var calls = 0;
        var file = await NewFile(Block);
        Engine.OnFileCall = (call, _) =>
        {
            calls += call is "fallocate" or "ftruncate" ? 1 : 0;
            return Errno.None;
        };
        await Replies.Fails<AioAlignmentException>(new Aio.Write(file, new byte[100], 1 << 30));
        await Replies.Fails<AioAlignmentException>(new Aio.WriteV(file, new ReadOnlyMemory<byte>[] { new byte[Block] }, 100));
        await Fence(file);
        Assert.Equal(0, calls);
    }

    [Fact]
    public async Task A_second_open_amid_buffered_appends_does_not_take_Length_back()
    {
        var first = await Ext.OpenAsync(NewPath(), New with { Direct = DirectIo.Off });
        await first.WriteAsync(Pattern(Block), 0);
        Task? append = null;
        Engine.OnFileCall = (call, _) =>
        {
            if (call == "fstat" && append is null)
            {
                append = Task.Run(() => first.WriteAsync(Pattern(Block, 2), Block).AsTask());
                Assert.True(append.Wait(Patience.Long), "the append is not answered");
            }

            return Errno.None;
        };
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open });
        Assert.NotNull(append);
        Assert.Equal((2 * Block, 2 * Block), (first.Length, second.Length));
    }

    [Fact]
    public async Task A_second_open_that_empties_the_file_is_seen_in_the_firsts_length()
    {
        var first = await NewFile();
        await first.WriteAsync(Pattern(4 * Block), 0);
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Truncate });
        Assert.Equal(0, first.Length);
        Assert.Equal(0, second.Length);
        Assert.Equal(Block, (await first.WriteAsync(Pattern(Block), 0).AsTask().ContinueWith(_ => first.Length, TaskScheduler.Default)));
    }

    [Fact]
    public async Task Append_goes_without_growth_ahead_only()
    {
        var options = New with { Mode = FileMode.Append };
        var path = NewPath();
        var error = await Replies.Fails<AioArgumentException>(new Aio.Open(path, options with { GrowAhead = 1 << 20 }));
        Assert.Contains("FileMode.Append", error.Message, StringComparison.Ordinal);
        Assert.Contains("GrowAhead", error.Message, StringComparison.Ordinal);
        error = await Replies.Fails<AioArgumentException>(new Aio.Open(path, New with { GrowAhead = -1 }));
        Assert.Contains("-1", error.Message, StringComparison.Ordinal);
        await using (var file = await Ext.OpenAsync(path, options))
        {
            await file.WriteAsync(Pattern(Block), file.Length);
        }

        await using (var file = await Ext.OpenAsync(path, options))
        {
            await file.WriteAsync(Pattern(Block, 2), file.Length);
        }

        Assert.Equal([.. Pattern(Block), .. Pattern(Block, 2)], OnDisk(path));
    }

    [Fact]
    public async Task Without_fallocate_a_file_grows_all_the_same()
    {
        var file = await NewFile();
        Engine.OnFileCall = (call, _) => call == "fallocate" ? Errno.EOPNOTSUPP : Errno.None;
        for (var i = 0; i < 40; i++)
        {
            await file.WriteAsync(Pattern(Block, i), i * Block);
        }

        await file.DisposeAsync();
        Assert.Equal(Enumerable.Range(0, 40).SelectMany(i => Pattern(Block, i)), OnDisk(file.Path));
    }

    [Fact]
    public async Task Appends_wait_for_a_growth_and_other_files_do_not()
    {
        var (file, other) = (await NewFile(), await NewFile(Block));
        using var stuck = Rules.Allocations(file.Path).Times(1).Hold();
        var write = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        var flush = Replies.Tell(new Aio.Flush(file));
        await stuck.WhenHit();
        await Fence(other);
        await Replies.Do<Aio.Flushed>(new Aio.Flush(other));
        Assert.False(Replies.Has(write));
        Assert.False(Replies.Has(flush));
        stuck.Release();
        await Replies.Of<Aio.WriteCompleted>(write);
        await Replies.Of<Aio.Flushed>(flush);
    }

    [Fact]
    public async Task A_cancelled_write_that_waits_for_a_growth_is_not_performed()
    {
        var (file, other) = (await NewFile(), await NewFile(Block));
        using var stuck = Rules.Allocations(file.Path).Times(1).Hold();
        var write = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        await stuck.WhenHit();
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(write))).Found);
        Assert.Equal(AioOutcome.NotPerformed, (await Replies.Of<Aio.CommandFailed>(write)).Outcome);
        var close = Replies.Tell(new Aio.Close(file));
        await Fence(other);
        stuck.Release();
        await Replies.Of<Aio.Closed>(close);
        await Eventually(() => Rules.RunningOperations.Count == 0, "the growth is done");
        Assert.Empty(OnDisk(file.Path));
    }
}
