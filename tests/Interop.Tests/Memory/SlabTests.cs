using System.Globalization;
using System.Text.RegularExpressions;

namespace AkkaAio.Interop.Tests;

/// <summary>Large blocks are cut from huge pages.</summary>
public sealed partial class SlabTests
{
    private const int Slab = 2 << 20;
    private const int Block = 256 << 10;
    private const int BlocksInSlab = Slab / Block;
    private const long Budget = 64 << 20;

    [Fact]
    public void Blocks_of_one_size_share_a_slab_and_no_byte()
    {
        using var pool = new AioBufferPool(Budget);
        var rented = Rent(pool, Block, BlocksInSlab);

        Assert.Equal(Slab, pool.AllocatedBytes);
        Assert.Equal(Slab, pool.RentedBytes);
        var addresses = rented.Select(buffer => buffer.Address).Order().ToArray();
        Assert.Equal(0, addresses[0] % Slab);
        Assert.Equal(Enumerable.Range(0, BlocksInSlab).Select(i => addresses[0] + (i * Block)), addresses);
        using var next = pool.Rent(Block);
        Assert.Equal(2 * Slab, pool.AllocatedBytes);
        rented.ForEach(buffer => buffer.Dispose());
    }

    [SkippableTheory]
    [InlineData(Block)]
    [InlineData(2 * Slab)] // not cut, and aligned to them
    public void They_are_huge_pages(int length)
    {
        Skip.If(
            File.ReadAllText("/sys/kernel/mm/transparent_hugepage/enabled").Contains("[never]", StringComparison.Ordinal),
            "transparent_hugepage is never");
        using var pool = new AioBufferPool(Budget);
        using var buffer = pool.Rent(length);
        buffer.UncheckedSpan(0, length).Fill(1);

        Assert.Equal(0, buffer.Address % Slab);
        Assert.InRange(HugeKilobytesAt(buffer.Address), 1, long.MaxValue);
    }

    [Fact]
    public void A_slab_that_nobody_uses_is_memory_for_other_sizes()
    {
        using var pool = new AioBufferPool(Budget);
        Rent(pool, Block, (int)(Budget / Block)).ForEach(buffer => buffer.Dispose());
        Assert.Equal(Budget, pool.AllocatedBytes);

        using var all = pool.Rent((int)Budget);

        Assert.Equal(Budget, pool.AllocatedBytes);
    }

    [Fact]
    public void One_block_keeps_its_slab_and_the_others_of_it_are_rented_again_also_for_less()
    {
        using var pool = new AioBufferPool(Budget);
        var rented = Rent(pool, Block, (int)(Budget / Block));
        using var kept = rented[0];
        rented.Skip(1).ToList().ForEach(buffer => buffer.Dispose());

        Assert.Null(pool.TryRent((int)Budget));
        Assert.Equal(Slab, pool.AllocatedBytes);
        using var most = pool.Rent(56 << 20);
        using var rest = pool.Rent(6 << 20);
        Assert.Equal(Budget, pool.AllocatedBytes);
        var others = Rent(pool, 8192, BlocksInSlab - 1);
        Assert.Null(pool.TryRent(1));
        Assert.Equal(Slab, others.Append(kept).Sum(buffer => (long)buffer.Capacity));
        others.ForEach(buffer => buffer.Dispose());
    }

    [Fact]
    public void Where_no_slab_fits_any_more_a_block_of_its_own_does()
    {
        using var pool = new AioBufferPool(Budget + Block);
        using var first = pool.Rent((int)Budget);
        using var last = pool.Rent(Block);

        Assert.Equal(Budget + Block, pool.AllocatedBytes);
    }

    [Fact]
    public void A_small_pool_has_none()
    {
        using var pool = new AioBufferPool(Budget - 1);
        using var buffer = pool.Rent(Block);

        Assert.Equal(Block, pool.AllocatedBytes);
    }

    [Fact]
    public void Blocks_that_come_back_after_the_pools_end_free_their_slab_with_the_last_one()
    {
        var pool = new AioBufferPool(Budget);
        var rented = Rent(pool, Block, BlocksInSlab - 1);
        pool.Dispose();
        foreach (var buffer in rented)
        {
            Assert.Equal(Slab, pool.AllocatedBytes);
            buffer.Dispose();
        }

        Assert.Equal((0, 0), (pool.AllocatedBytes, pool.RentedBuffers));
    }

    private static List<AioBuffer> Rent(AioBufferPool pool, int length, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => pool.Rent(length))];

    // AnonHugePages of the mapping that has this address.
    private static long HugeKilobytesAt(nint address)
    {
        var isIt = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            if (Mapping().Match(line) is { Success: true } mapping)
            {
                isIt = Hex(mapping, 1) <= address && address < Hex(mapping, 2);
            }
            else if (isIt && line.StartsWith("AnonHugePages:", StringComparison.Ordinal))
            {
                return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException($"no mapping has {address:x}");
    }

    private static long Hex(Match match, int group) =>
        long.Parse(match.Groups[group].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex("^([0-9a-f]+)-([0-9a-f]+) ")]
    private static partial Regex Mapping();
}
