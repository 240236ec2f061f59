using System.Globalization;
using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Tests;

/// <summary>A seed that was printed repeats what it did, also where threads come in another order.</summary>
public sealed class ChanceSpecs : OnDisk
{
    private const int Operations = 400;

    [Fact]
    public async Task The_printed_seed_repeats_which_operations_fail()
    {
        var disk = new AioTestDisk(); // of a seed that nobody chose
        var first = await FailuresOn(disk, disk.Writes().WithChance(0.1));
        var printed = int.Parse(disk.ToString().Split("disk with seed ")[1].Split(';')[0], CultureInfo.InvariantCulture);

        var again = new AioTestDisk { Seed = printed };
        Assert.Equal(first, await FailuresOn(again, again.Writes().WithChance(0.1)));
        Assert.InRange(first.Length, Operations / 40, Operations / 4);
    }

    [Fact]
    public async Task Another_seed_chooses_others()
    {
        var disk = new AioTestDisk { Seed = 1 };
        var other = new AioTestDisk { Seed = 2 };
        Assert.NotEqual(await FailuresOn(disk, disk.Writes().WithChance(0.1)), await FailuresOn(other, other.Writes().WithChance(0.1)));
    }

    [Fact]
    public async Task The_order_in_which_operations_come_does_not_matter()
    {
        var disk = new AioTestDisk { Seed = 1 };
        var other = new AioTestDisk { Seed = 9 };
        Assert.Equal(
            await FailuresOn(disk, disk.Writes().WithChance(0.1, seed: 3)),
            await FailuresOn(other, other.Writes().WithChance(0.1, seed: 3), shuffled: true));
    }

    [Fact]
    public async Task An_equal_operation_has_a_chance_of_its_own_each_time()
    {
        await using var file = await OpenBlocks("/a", 1);
        using var rule = Disk.Writes().WithChance(0.5).Fail(Errno.EIO);
        for (var i = 0; i < 100; i++)
        {
            await file.WriteAsync(BlockOf(1), 0).AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
        }

        Assert.InRange(rule.Hits, 20, 80);
    }

    private static async Task<int[]> FailuresOn(AioTestDisk disk, DiskOperations chosen, bool shuffled = false)
    {
        using var system = NewSystem(disk);
        disk.WriteAllBytes("/a", new byte[Operations * 512]);
        var file = await AioExt.Get(system).OpenAsync("/a", new() { Access = FileAccess.ReadWrite });
        using var rule = chosen.Fail(Errno.EIO);
        var order = Enumerable.Range(0, Operations).ToArray();
        if (shuffled)
        {
            new Random(1).Shuffle(order);
        }

        var failed = new List<int>();
        foreach (var i in order)
        {
            try
            {
                await file.WriteAsync(new byte[512], i * 512L);
            }
            catch (AioSystemException)
            {
                failed.Add(i);
            }
        }

        await file.DisposeAsync();
        await system.Terminate();
        return [.. failed.Order()];
    }
}
