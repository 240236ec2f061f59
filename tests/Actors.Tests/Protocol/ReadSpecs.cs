using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class ReadSpecsOnLinuxAio(ITestOutputHelper output) : ReadSpecs(EngineKind.LinuxAio, "", output);

public sealed class ReadSpecsOnMemory(ITestOutputHelper output) : ReadSpecs(EngineKind.Memory, "", output);

public sealed class StripedReadSpecsOnLinuxAio(ITestOutputHelper output) : ReadSpecs(EngineKind.LinuxAio, Striped, output);

public sealed class StripedReadSpecsOnMemory(ITestOutputHelper output) : ReadSpecs(EngineKind.Memory, Striped, output);

/// <summary>Read and ReadInto give exactly the bytes that are there, at any offset and length.</summary>
public abstract class ReadSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    protected const string Striped = "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }";

    private const int Length = (5 * Block) + 123; // the tail is no multiple of anything

    public static TheoryData<long, int> Ranges { get; } = new()
    {
        { 0, 0 }, { 0, 1 }, { 0, 511 }, { 0, 512 }, { 0, 513 }, { 0, Block }, { 0, Length }, { 0, Length + 1 }, { 0, 10 * Block },
        { 1, 1 }, { 1, 511 }, { 1, 512 }, { 511, 1 }, { 511, 2 }, { 512, 512 }, { 513, 1000 }, { 1000, 5000 },
        { Block - 1, 1 }, { Block - 1, 2 }, { Block, Block }, { Block + 1, Block }, { Block + 1, Block - 1 }, { Block + 1, Block - 2 },
        { Length - 1, 1 }, { Length - 1, 2 }, { Length - 1, 100000 }, { Length - 600, 600 }, { Length - 600, 601 },
        { 5 * Block, 122 }, { 5 * Block, 123 }, { 5 * Block, 124 }, { 5 * Block, Block },
        { Length, 0 }, { Length, 1 }, { Length + 1, 1 }, { 6 * Block, Block }, { 1000 * Block, 1 }, { 1L << 40, 10 },
    };

    [SkippableTheory]
    [MemberData(nameof(Ranges))]
    public async Task Read_gives_exactly_the_range(long offset, int length)
    {
        var content = Pattern(Length);
        foreach (var direct in new[] { DirectIo.Required, DirectIo.Off })
        {
            var file = await FileOf(content, direct);
            var read = await Replies.Do<Aio.RentReadCompleted>(new Aio.RentRead(file, offset, length));
            Assert.Equal(Expected(content, offset, length), read.Buffer.GetSpan().ToArray());
            Assert.Equal(read.Buffer.Length, read.Count);
            read.Buffer.Dispose();
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Ranges))]
    public async Task ReadInto_fills_exactly_the_range_and_leaves_the_rest_alone(long offset, int length)
    {
        var content = Pattern(Length);
        foreach (var direct in new[] { DirectIo.Required, DirectIo.Off })
        {
            var file = await FileOf(content, direct);
            var expected = Expected(content, offset, length);

            // Managed memory, amid bytes that are not ours.
            var managed = new byte[length + 20];
            managed.AsSpan().Fill(0xEE);
            var into = await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, managed.AsMemory(10, length), offset));
            Assert.Equal(expected.Length, into.Count);
            Assert.Equal(expected, managed[10..(10 + into.Count)]);
            Assert.All(managed[..10], value => Assert.Equal(0xEE, value));
            Assert.All(managed[(10 + expected.Length)..], value => Assert.Equal(0xEE, value));

            // A pool buffer, aligned and one byte off.
            foreach (var start in new[] { 0, 1 })
            {
                using var buffer = Pool.Rent(length + 20);
                buffer.GetSpan().Fill(0xEE);
                into = await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, buffer.Memory.Slice(start, length), offset));
                Assert.Equal(expected.Length, into.Count);
                Assert.Equal(expected, buffer.GetSpan().Slice(start, into.Count).ToArray());
                Assert.All(buffer.GetSpan()[..start].ToArray(), value => Assert.Equal(0xEE, value));
                Assert.All(buffer.GetSpan()[(start + length)..].ToArray(), value => Assert.Equal(0xEE, value));
            }
        }
    }

    [SkippableFact]
    public async Task Random_ranges_read_at_the_same_time_are_all_right()
    {
        var content = Pattern(40 * Block + 77);
        var file = await FileOf(content);
        var random = new Random(7);
        var reads = Enumerable.Range(0, 300)
            .Select(_ => new Aio.RentRead(file, random.Next(content.Length + 5000), random.Next(1, 20000))).ToArray();
        foreach (var read in reads)
        {
            Replies.Tell(read);
        }

        foreach (var read in reads)
        {
            using var buffer = (await Replies.Of<Aio.RentReadCompleted>(read)).Buffer;
            Assert.Equal(Expected(content, read.Offset, read.Length), buffer.GetSpan().ToArray());
        }

        await Replies.AssertOneEach(reads);
    }

    [SkippableFact]
    public async Task An_aligned_ReadInto_a_pool_buffer_takes_no_other_buffer()
    {
        var file = await FileOf(Pattern(4 * Block));
        using var buffer = Pool.Rent(2 * Block);
        var before = Pool.AllocatedBytes;
        var into = await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, buffer, Block));
        Assert.Equal(2 * Block, into.Count);
        Assert.Equal(Pattern(4 * Block)[Block..(3 * Block)], buffer.GetSpan().ToArray());
        Assert.Equal(before, Pool.AllocatedBytes);
        Assert.Equal(1, Pool.RentedBuffers);
    }

    [SkippableFact]
    public async Task An_empty_file_reads_as_nothing()
    {
        var file = await NewFile();
        using var read = await file.RentReadAsync(0, Block);
        Assert.Equal(0, read.Length);
        Assert.Equal(0, await file.ReadAsync(new byte[10], 0));
    }

    [SkippableFact]
    public async Task What_was_allocated_reads_as_zeros()
    {
        var file = await NewFile(3 * Block);
        using var read = await file.RentReadAsync(10, 2 * Block);
        Assert.Equal(new byte[2 * Block], read.GetSpan().ToArray());
    }

    private static byte[] Expected(byte[] content, long offset, int length)
    {
        var from = (int)Math.Min(offset, content.Length);
        return content[from..Math.Min(content.Length, from + length)];
    }
}
