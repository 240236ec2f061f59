using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Tests;

/// <summary>A full disk: what fits is written, what does not fails with ENOSPC, and then there may be room again.</summary>
public sealed class CapacitySpecs : OnDisk
{
    [Theory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task A_write_takes_what_fits_and_fails_for_the_rest(DirectIo direct)
    {
        using var noAllocations = Disk.Allocations().Fail(Errno.EOPNOTSUPP); // a direct file's growth asks for all of its room at once
        await using var file = await Aio.OpenAsync("/a", New with { Direct = direct });
        Disk.Capacity = 3 * Block;
        await file.WriteAsync(BlocksOf([1, 2]), 0);
        Assert.Equal(2 * Block, Disk.UsedBytes);
        var full = await Assert.ThrowsAsync<AioShortWriteException>(() => file.WriteAsync(BlocksOf([3, 4]), 2 * Block).AsTask());
        Assert.Equal(Errno.ENOSPC, Assert.IsType<AioSystemException>(full.InnerException).Errno);
        Assert.Equal(3 * Block, Disk.UsedBytes);

        await file.WriteAsync(BlocksOf([5, 6, 7]), 0); // over what is there
        Disk.Capacity = 4 * Block;
        await file.WriteAsync(BlockOf(8), 3 * Block);
        Assert.Equal(BlocksOf([5, 6, 7, 8]), Disk.ReadAllBytes("/a"));
    }

    [Fact]
    public async Task A_direct_write_is_short_by_whole_sectors()
    {
        using var noAllocations = Disk.Allocations().Fail(Errno.EOPNOTSUPP);
        await using var file = await Aio.OpenAsync("/a", New with { Direct = DirectIo.Required });
        Disk.Capacity = 1000;
        await Assert.ThrowsAsync<AioShortWriteException>(() => file.WriteAsync(BlockOf(1), 0).AsTask());
        Assert.Equal(512, Disk.UsedBytes);
    }

    [Fact]
    public async Task A_direct_files_growth_takes_all_of_its_room_or_nothing()
    {
        await using var file = await Aio.OpenAsync("/a", New with { Direct = DirectIo.Required });
        Disk.Capacity = Block;
        Assert.Equal(Errno.ENOSPC, await ErrnoOf(file.WriteAsync(BlocksOf([1, 2]), 0)));
        Assert.Equal(0, Disk.UsedBytes);
        await file.WriteAsync(BlockOf(1), 0);
    }

    [Fact]
    public async Task A_deleted_file_makes_room_when_it_is_closed()
    {
        Disk.WriteAllBytes("/old", BlockOf(1));
        Disk.Capacity = Block;
        await using var file = await Aio.OpenAsync("/new", New);
        await using (await Aio.OpenAsync("/old"))
        {
            await Aio.DeleteAsync("/old");
            Assert.Equal(Errno.ENOSPC, await ErrnoOf(file.WriteAsync(BlockOf(2), 0)));
        }

        await file.WriteAsync(BlockOf(2), 0);
        await file.SetLengthAsync(0);
        Assert.Equal(0, Disk.UsedBytes);
    }

    [Fact]
    public async Task An_allocation_takes_all_or_nothing_and_a_length_takes_nothing()
    {
        await using var file = await Aio.OpenAsync("/a", New);
        Disk.Capacity = 2 * Block;
        Assert.Equal(Errno.ENOSPC, await ErrnoOf(file.AllocateAsync(0, 3 * Block)));
        Assert.Equal(0, Disk.UsedBytes);
        await file.SetLengthAsync(100 * Block);
        Assert.Equal(0, Disk.UsedBytes);
        await file.AllocateAsync(0, 2 * Block);
        Assert.Equal(2 * Block, Disk.UsedBytes);
    }

    [Fact]
    public async Task An_open_that_would_allocate_too_much_leaves_what_was_there()
    {
        Disk.WriteAllBytes("/a", BlockOf(1));
        Disk.Capacity = 2 * Block;
        var options = New with { PreallocationSize = 3 * Block };
        Assert.Equal(Errno.ENOSPC, await ErrnoOf(() => Aio.OpenAsync("/a", options)));
        Assert.Equal(Errno.ENOSPC, await ErrnoOf(() => Aio.OpenAsync("/b", options)));
        Assert.Equal(["/a"], Disk.Files);
        Assert.Equal(BlockOf(1), Disk.ReadAllBytes("/a"));
    }

    [Fact]
    public void A_negative_capacity_is_refused() =>
        Assert.Equal(-1L, Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Capacity = -1).ActualValue);
}
