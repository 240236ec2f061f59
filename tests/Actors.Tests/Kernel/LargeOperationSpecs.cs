using AkkaAio.Shards;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

/// <summary>A command for more than one kernel operation may move is done in parts and has one reply.</summary>
public sealed class LargeOperationSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.LinuxAio, "akka.io.aio.buffer-pool.budget = 3 GiB", output)
{
    private const int Length = Operation.MaxTransfer + (1 << 20);

    [SkippableFact]
    public async Task A_write_and_a_read_of_more_than_a_gibibyte()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Skip.If(memory < 4L << 30, $"{memory >> 20} MiB of memory are too few for a buffer of {Length >> 20} MiB");
        var room = new DriveInfo(EngineAvailable.Root).AvailableFreeSpace;
        Skip.If(room < 4L << 30, $"{room >> 20} MiB of disk are too few for a file of {Length >> 20} MiB");
        var file = await NewFile();
        using var buffer = Pool.Rent(Length);
        Mark(buffer);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, buffer, 0));
        Assert.Equal(Length, file.Length);
        buffer.GetSpan().Clear();
        var read = await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, buffer, 0));
        Assert.Equal(Length, read.Count);
        AssertMarked(buffer);
        Assert.Equal(4, (await StatsAfter(4)).Shards[0].Submitted); // two each
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
    }

    // One byte a mebibyte, and both sides of the seam.
    private static void Mark(AioBuffer buffer)
    {
        foreach (var at in Marks())
        {
            buffer.GetSpan()[at] = (byte)(at % 251 | 1);
        }
    }

    private static void AssertMarked(AioBuffer buffer) =>
        Assert.All(Marks(), at => Assert.Equal((byte)(at % 251 | 1), buffer.GetSpan()[at]));

    private static IEnumerable<int> Marks() =>
        Enumerable.Range(0, Length >> 20).Select(i => (i << 20) + i).Concat([Operation.MaxTransfer - 1, Operation.MaxTransfer, Length - 1]);
}
