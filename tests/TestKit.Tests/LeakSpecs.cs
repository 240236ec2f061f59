using System.Runtime.CompilerServices;
using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Tests;

/// <summary>What a test leaves behind is found, and named.</summary>
public sealed class LeakSpecs : OnDisk
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Nothing_is_nothing()
    {
        await using (var file = await OpenBlocks("/a", 1))
        {
            using var buffer = await file.RentReadAsync(0, Block);
        }

        await Disk.ExpectNoLeaks(System);
    }

    [Fact]
    public async Task An_open_file_is_named_until_it_is_closed()
    {
        var file = await OpenBlocks("/a", 1);
        Assert.Contains("1 files are open: /a", await LeaksAsync(), StringComparison.Ordinal);
        var soon = Disk.ExpectNoLeaks(System);
        Assert.False(soon.IsCompleted);
        await file.DisposeAsync();
        await soon.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_held_operation_is_named_until_it_is_released()
    {
        await using (var file = await OpenBlocks("/a", 1))
        {
            using var held = Disk.Writes().Hold();
            var write = file.WriteAsync(BlockOf(2), 0).AsTask();
            await held.WhenHit();
            Assert.Contains(
                "1 operations have not ended: #1 write of 4096 bytes at 0 of /a: held", await LeaksAsync(), StringComparison.Ordinal);
            held.Release(1);
            await write.WaitAsync(Patience);
        }

        await Disk.ExpectNoLeaks(System);
    }

    [Fact]
    public async Task A_rented_buffer_is_counted_until_it_is_returned()
    {
        var buffer = Aio.Pool.Rent(Block);
        Assert.Contains("1 buffers of 4096 bytes in all are rented", await LeaksAsync(), StringComparison.Ordinal);
        var soon = Disk.ExpectNoLeaks(System);
        buffer.Dispose();
        await soon.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_forgotten_buffer_is_a_leak_that_says_where_it_came_from()
    {
        await using (var file = await OpenBlocks("/a", 1))
        {
            await Forget(file);
        }

        var leak = await Assert.ThrowsAsync<AioTestException>(() => Disk.ExpectNoLeaks(System));
        Assert.Contains(
            "1 were never disposed, and nobody refers to them: a buffer of 4096 bytes of a read of 4096 bytes at offset 0 of /a",
            leak.Message, StringComparison.Ordinal);
        await Disk.ExpectNoLeaks(System); // it is back

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task Forget(AioFile file) => _ = await file.RentReadAsync(0, Block);
    }

    [Fact]
    public async Task A_forgotten_file_is_a_leak_that_says_who_opened_it_although_it_is_closed_by_then()
    {
        await Forget();
        var leak = await Assert.ThrowsAsync<AioTestException>(() => Disk.ExpectNoLeaks(System));
        Assert.Contains(
            "1 were never disposed, and nobody refers to them: /a, which was opened by AioExt.OpenAsync",
            leak.Message, StringComparison.Ordinal);
        await Disk.ExpectNoLeaks(System);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task Forget() => _ = await OpenBlocks("/a", 1);
    }

    [Fact]
    public async Task A_system_on_another_disk_is_refused_by_name()
    {
        using var elsewhere = NewSystem(new AioTestDisk());
        var refusal = await Assert.ThrowsAsync<AioTestException>(() => Disk.ExpectNoLeaks(elsewhere));
        Assert.Equal("the actor system test has its files elsewhere: make it with this disk's Setup", refusal.Message);
        await elsewhere.Terminate();
    }

    private async Task<string> LeaksAsync() =>
        (await Assert.ThrowsAsync<AioTestException>(() => Disk.ExpectNoLeaks(System, Soon))).Message;
}
