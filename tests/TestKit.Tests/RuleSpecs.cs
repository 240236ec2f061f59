using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Tests;

/// <summary>A rule concerns the operations that were chosen, and no other; and says what it did.</summary>
public sealed class RuleSpecs : OnDisk
{
    [Fact]
    public async Task A_failure_is_the_operations_and_nothing_is_written()
    {
        await using var file = await OpenBlocks("/a", 2);
        using var rule = Disk.Writes("a").Where(write => write.Offset >= Block).Times(1).Fail(Errno.EIO);

        await file.WriteAsync(BlockOf(7), 0);
        Assert.Equal(Errno.EIO, await ErrnoOf(file.WriteAsync(BlockOf(8), Block)));
        Assert.Equal(BlocksOf([7, 2]), Disk.ReadAllBytes("/a"));
        await file.WriteAsync(BlockOf(9), Block); // once
        Assert.Equal(BlocksOf([7, 9]), Disk.ReadAllBytes("/a"));
        Assert.Equal(1, rule.Hits);
        Assert.Equal("writes of a where a condition holds, 1 times: fail with EIO; 1 so far", rule.ToString());
    }

    [Fact]
    public async Task A_disposed_rule_does_nothing_more()
    {
        await using var file = await OpenBlocks("/a", 1);
        using (Disk.Reads().Fail(Errno.EIO))
        {
            Assert.Equal(Errno.EIO, await ErrnoOf(file.ReadAsync(new byte[Block], 0)));
        }

        Assert.Equal(Block, await file.ReadAsync(new byte[Block], 0));
    }

    [Fact]
    public async Task The_first_rule_that_was_made_decides_so_that_counted_rules_are_a_sequence()
    {
        await using var file = await OpenBlocks("/a", 1);
        using var first = Disk.Writes().Times(1).Fail(Errno.EIO);
        using var second = Disk.Writes().Skip(1).Times(1).Fail(Errno.ENOSPC);
        Assert.Equal(Errno.EIO, await ErrnoOf(Write()));
        await Write();
        Assert.Equal(Errno.ENOSPC, await ErrnoOf(Write()));
        await Write();
        Assert.Equal((1, 1), (first.Hits, second.Hits));

        ValueTask Write() => file.WriteAsync(BlockOf(3), 0);
    }

    [Theory]
    [InlineData("orders.log", true)]
    [InlineData("data/orders.log", true)]
    [InlineData("/data/orders.log", true)]
    [InlineData("/orders.log", false)]
    [InlineData("rders.log", false)]
    [InlineData("data", false)]
    public async Task A_path_is_a_whole_one_or_the_last_names_of_one(string chosen, bool isIt)
    {
        using var rule = Disk.Opens(chosen).Fail(Errno.EACCES);
        var opening = Aio.OpenAsync("/data/orders.log", New);
        if (isIt)
        {
            Assert.Equal(Errno.EACCES, await ErrnoOf(() => opening));
        }
        else
        {
            await (await opening).DisposeAsync();
        }
    }

    [Fact]
    public async Task Each_kind_of_operation_can_fail_and_fails_alone()
    {
        await using var file = await OpenBlocks("/a", 4);
        (DiskOperationKind Kind, DiskOperations Chosen, Func<Task> Do)[] kinds =
        [
            (DiskOperationKind.Read, Disk.Reads(), async () => await file.ReadAsync(new byte[Block], 0)),
            (DiskOperationKind.Write, Disk.Writes(), async () => await file.WriteAsync(BlockOf(1), 0)),
            (DiskOperationKind.SetLength, Disk.SetLengths(), async () => await file.SetLengthAsync(8 * Block)),
            (DiskOperationKind.Allocate, Disk.Allocations(), async () => await file.AllocateAsync(0, 16 * Block)),
            (DiskOperationKind.PunchHole, Disk.PunchHoles(), async () => await file.PunchHoleAsync(0, Block)),
            (DiskOperationKind.Open, Disk.Opens(), async () => await (await Aio.OpenAsync("/b", New)).DisposeAsync()),
            (DiskOperationKind.Rename, Disk.Renames(), () => Aio.RenameAsync("/c", "/d")),
            (DiskOperationKind.Delete, Disk.Deletes(), () => Aio.DeleteAsync("/d")),
            (DiskOperationKind.SyncFolder, Disk.FolderSyncs(), () => Aio.SyncFolderAsync("/")),
            (DiskOperationKind.Flush, Disk.Flushes(), async () => await file.FlushAsync()), // last: later flushes fail too
        ];
        foreach (var (kind, chosen, act) in kinds)
        {
            Disk.WriteAllBytes("/c", BlockOf(1));
            Disk.WriteAllBytes("/d", BlockOf(1));
            Disk.ForgetOperations();
            using var rule = chosen.Fail(Errno.EIO);
            await file.WriteAsync(BlockOf(2), Block).AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
            Assert.Equal(Errno.EIO, await ErrnoOf(act));
            Assert.All(Disk.Operations, operation => Assert.Equal(operation.Kind == kind, operation.Error == Errno.EIO));
            Assert.InRange(rule.Hits, 1, kind == DiskOperationKind.Write ? 2 : 1);
        }
    }

    [Theory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)] // on a blocking thread
    public async Task A_short_write_is_continued_and_a_short_read_is_one(DirectIo direct)
    {
        await using var file = await OpenBlocks("/a", 2, new() { Access = FileAccess.ReadWrite, Direct = direct });
        Disk.ForgetOperations();
        using (Disk.Writes().Times(1).Short(512))
        {
            await file.WriteAsync(BlockOf(9), Block);
        }

        Assert.Equal(BlocksOf([1, 9]), Disk.ReadAllBytes("/a"));
        Assert.Equal([512L, Block - 512], Disk.Operations.Select(operation => operation.Transferred));
        using (Disk.Reads().Short(1024))
        {
            await file.ReadAsync(new byte[Block], 0);
        }

        Assert.Contains(Disk.Operations, operation => operation is { Kind: DiskOperationKind.Read, Transferred: 1024 });
    }

    [Fact]
    public async Task A_kernel_that_takes_nothing_just_now_is_asked_again_and_loses_nothing()
    {
        await using var file = await OpenBlocks("/a", 1);
        using var rule = Disk.Submits().Times(3).Fail(Errno.EAGAIN);
        await file.WriteAsync(BlockOf(5), 0);
        Assert.Equal(3, rule.Hits);
        Assert.Equal(BlockOf(5), Disk.ReadAllBytes("/a"));
    }

    [Fact]
    public async Task A_submit_that_takes_one_operation_leaves_the_others_for_the_next()
    {
        await using var file = await OpenBlocks("/a", 8);
        using var rule = Disk.Submits().Short(1);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => file.WriteAsync(BlockOf(9), i * Block).AsTask()));
        Assert.Equal(8, rule.Hits);
    }

    [Fact]
    public async Task A_condition_that_throws_harms_no_shard_and_is_thrown_to_who_waits()
    {
        await using var file = await OpenBlocks("/a", 1);
        using var rule = Disk.Writes().Where(_ => throw new InvalidOperationException("a slip")).Fail(Errno.EIO);
        await file.WriteAsync(BlockOf(2), 0);

        var thrown = await Assert.ThrowsAsync<AioTestException>(() => rule.WhenHit());
        Assert.Contains("a slip", thrown.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidOperationException>(thrown.InnerException);
        var disk = new AioTestDisk();
        using var other = NewSystem(disk);
        using var unwatched = disk.Opens().Where(_ => throw new InvalidOperationException("a slip")).Fail(Errno.EIO);
        await (await AioExt.Get(other).OpenAsync("/b", New)).DisposeAsync();
        await Assert.ThrowsAsync<AioTestException>(() => disk.ExpectNoLeaks(other));
        await other.Terminate();
    }

    [Fact]
    public async Task Waiting_for_a_rule_ends_with_its_hit_or_says_what_came_instead()
    {
        await using var file = await OpenBlocks("/a", 1);
        using var rule = Disk.Writes().Fail(Errno.EIO);
        var hit = rule.WhenHit();
        Assert.False(hit.IsCompleted);
        await ErrnoOf(file.WriteAsync(BlockOf(2), 0));
        await hit;

        var late = await Assert.ThrowsAsync<AioTestException>(() => rule.WhenHit(2, TimeSpan.FromMilliseconds(50)));
        Assert.Contains("decide about 2 operations within 0.05 s", late.Message, StringComparison.Ordinal);
        Assert.Contains("write of 4096 bytes at 0 of /a: EIO", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_with_its_value()
    {
        Assert.Equal(Errno.None, Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Writes().Fail(Errno.None)).ActualValue);
        Assert.Equal(0L, Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Writes().Times(0)).ActualValue);
        Assert.Equal(-1L, Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Writes().Skip(-1)).ActualValue);
        Assert.Equal(1.5, Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Writes().WithChance(1.5)).ActualValue);
        Assert.Equal(double.NaN, Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Writes().WithChance(double.NaN)).ActualValue);
        Assert.Equal(-1, Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Writes().Short(-1)).ActualValue);
        Assert.Equal(TimeSpan.Zero, Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Writes().Delay(TimeSpan.Zero)).ActualValue);
        Assert.Throws<ArgumentException>(() => Disk.Writes(""));
        Assert.Equal(
            "Short(512) is for reads, writes and submits, and not for flushes of a",
            Assert.Throws<AioTestException>(() => Disk.Flushes("a").Short(512)).Message);
        Assert.Equal(
            "Fail(EIO) is not for closes: a close always closes",
            Assert.Throws<AioTestException>(() => Disk.Closes().Fail(Errno.EIO)).Message);
        Assert.Equal("disk with seed 1; rules: none; running: none; last: none", Disk.ToString());
    }
}
