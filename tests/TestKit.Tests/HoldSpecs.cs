using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Tests;

/// <summary>Operations that are held end when, and in the order in which, the test lets them.</summary>
public sealed class HoldSpecs : OnDisk
{
    [Fact]
    public async Task Held_operations_end_in_the_order_of_their_release()
    {
        await using var file = await OpenBlocks("/a", 6);
        using var held = Disk.Writes().Hold();
        var writes = Enumerable.Range(0, 6).Select(i => file.WriteAsync(BlockOf(9), i * Block).AsTask()).ToArray();
        await held.WhenHit(6);
        Assert.DoesNotContain(writes, write => write.IsCompleted);
        Assert.Equal(6, held.Held.Count);

        Assert.Equal([0L, 1], Blocks(held.Release(2)));
        Assert.Equal([3L], Blocks(held.Release(where: write => write.Offset == 3 * Block)));
        Assert.Equal([5L, 4], Blocks(held.Release(2, ReleaseOrder.Reverse)));
        Assert.Equal([2L], Blocks(held.Release()));

        await Task.WhenAll(writes).WaitAsync(Patience);
        Assert.Equal([0L, 1, 3, 5, 4, 2], Blocks(Disk.Operations
            .Where(operation => operation.Kind == DiskOperationKind.Write).OrderBy(operation => operation.EndNumber)));

        static IEnumerable<long> Blocks(IEnumerable<DiskOperation> operations) => operations.Select(operation => operation.Offset / Block);
    }

    [Fact]
    public async Task A_seed_gives_the_same_order_again_and_another_seed_another()
    {
        await using var file = await OpenBlocks("/a", 16);
        var orders = new List<long[]>();
        foreach (var seed in new[] { 5, 5, 6 })
        {
            using var held = Disk.Reads().Hold();
            var reads = Enumerable.Range(0, 16).Select(i => file.ReadAsync(new byte[Block], i * Block).AsTask()).ToArray();
            await held.WhenHit(16);
            orders.Add([.. held.Release(order: ReleaseOrder.Shuffled(seed)).Select(read => read.Offset / Block)]);
            await Task.WhenAll(reads).WaitAsync(Patience);
        }

        Assert.Equal(orders[0], orders[1]);
        Assert.NotEqual(orders[0], orders[2]);
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (long)i), orders[2].Order());
    }

    [Fact]
    public async Task A_disposed_hold_lets_go_of_what_it_holds_and_holds_no_more()
    {
        await using var file = await OpenBlocks("/a", 1);
        var held = Disk.Writes().Hold();
        var write = file.WriteAsync(BlockOf(9), 0).AsTask();
        await held.WhenHit();
        held.Dispose();
        await write.WaitAsync(Patience);
        await file.WriteAsync(BlockOf(8), 0).AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Data_moves_when_an_operation_is_released_and_not_before()
    {
        await using var file = await OpenBlocks("/a", 1);
        using var held = Disk.Writes().Hold();
        var write = file.WriteAsync(BlockOf(9), 0).AsTask();
        await held.WhenHit();
        Assert.Equal(BlockOf(1), Disk.ReadAllBytes("/a"));
        held.Release(1);
        await write.WaitAsync(Patience);
        Assert.Equal(BlockOf(9), Disk.ReadAllBytes("/a"));
    }

    [Fact]
    public async Task A_held_operation_that_is_to_fail_fails_when_it_is_released()
    {
        await using var file = await OpenBlocks("/a", 1);
        using var held = Disk.Writes().Hold();
        using var failure = Disk.Writes().Fail(Errno.EIO);
        var write = file.WriteAsync(BlockOf(9), 0).AsTask();
        await held.WhenHit();
        Assert.False(write.IsCompleted);
        held.Release();
        Assert.Equal(Errno.EIO, await ErrnoOf(() => write));
    }

    [Fact]
    public async Task What_blocks_a_thread_is_held_there()
    {
        using var opens = Disk.Opens().Hold();
        var opening = Aio.OpenAsync("/b", New with { Direct = DirectIo.Off });
        await opens.WhenHit();
        Assert.False(opening.IsCompleted);
        opens.Release(1);
        await using var file = await opening.WaitAsync(Patience);

        using var writes = Disk.Writes().Hold();
        var write = file.WriteAsync(new byte[100], 0).AsTask();
        await writes.WhenHit();
        Assert.Empty(Disk.ReadAllBytes("/b"));
        writes.Release(1);
        await write.WaitAsync(Patience);

        using var submits = Disk.Submits().Hold();
        var flush = file.FlushAsync().AsTask();
        await submits.WhenHit();
        Assert.False(flush.IsCompleted);
        submits.Release(1);
        await flush.WaitAsync(Patience);

        using var closes = Disk.Closes().Hold();
        var close = file.DisposeAsync().AsTask();
        await closes.WhenHit();
        Assert.False(close.IsCompleted);
        closes.Release(1);
        await close.WaitAsync(Patience);
    }

    [Fact]
    public async Task Releasing_more_than_is_held_says_what_is_held()
    {
        await using var file = await OpenBlocks("/a", 1);
        using var held = Disk.Writes().Hold();
        var write = file.WriteAsync(BlockOf(9), 0).AsTask();
        await held.WhenHit();
        var refusal = Assert.Throws<AioTestException>(() => held.Release(2));
        Assert.Contains("2 operations were to be released, and 1 are held", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("write of 4096 bytes at 0 of /a: held", refusal.Message, StringComparison.Ordinal);
        held.Release(1);
        await write.WaitAsync(Patience);
    }

    [Fact]
    public async Task The_end_of_the_actor_system_lets_go_of_what_is_held()
    {
        var disk = new AioTestDisk();
        using var system = NewSystem(disk);
        disk.WriteAllBytes("/a", BlockOf(1));
        var file = await AioExt.Get(system).OpenAsync("/a", new() { Access = FileAccess.ReadWrite });
        var held = disk.Writes().Hold();
        var write = file.WriteAsync(BlockOf(2), 0).AsTask();
        await held.WhenHit();
        var end = system.Terminate();
        held.Dispose();
        await end.WaitAsync(Patience);
        await write.WaitAsync(Patience);
        await disk.ExpectNoLeaks(system);
    }
}
