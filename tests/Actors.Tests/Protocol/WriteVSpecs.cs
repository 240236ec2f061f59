using AkkaAio.Interop.Abi;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class WriteVSpecsOnLinuxAio(ITestOutputHelper output) : WriteVSpecs(EngineKind.LinuxAio, output);

public sealed class WriteVSpecsOnMemory(ITestOutputHelper output) : WriteVSpecs(EngineKind.Memory, output);

/// <summary>WriteV writes its buffers one behind the other, whole; what direct I/O cannot do is refused with the values.</summary>
public abstract class WriteVSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "", output)
{
    [SkippableTheory]
    [CombinatorialMemories]
    public async Task Data_is_written_from_any_memory(MemoryKind memory, int[] lengths)
    {
        var content = Pattern(8 * Block);
        foreach (var direct in new[] { DirectIo.Required, DirectIo.Off })
        {
            var file = await FileOf(content, direct);
            using var memories = new Memories(Pool, memory, lengths);
            var data = Pattern(lengths.Sum(), seed: 2);
            memories.Fill(data);
            await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, memories.ReadOnly, Block));
            Assert.Equal([.. content[..Block], .. data, .. content[(Block + data.Length)..]], ContentOf(file));
            Assert.Equal(1, Pool.RentedBuffers);
        }
    }

    [SkippableTheory]
    [InlineData(MemoryKind.Aligned)]
    [InlineData(MemoryKind.Managed)]
    public async Task More_buffers_than_one_operation_takes_are_one_command_and_grow_the_file_once(MemoryKind memory)
    {
        const int Count = (2 * IoVec.MaxCount) + 7;
        var file = await NewFile();
        using var memories = new Memories(Pool, memory, [.. Enumerable.Repeat(512, Count)]);
        memories.Fill(Pattern(Count * 512));
        await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, memories.ReadOnly, 0));
        Assert.Equal(Count * 512, file.Length);
        Assert.True(ContentOf(file).AsSpan().SequenceEqual(Pattern(Count * 512)));
        var stats = await Stats();
        Assert.Equal((1, Count * 512), (stats.Shards.Sum(shard => shard.Writes), stats.Shards.Sum(shard => shard.WrittenBytes)));
    }

    [SkippableTheory]
    [InlineData(1, new[] { Block })]
    [InlineData(0, new[] { Block, 1 })]
    [InlineData(512, new[] { 511 })]
    [InlineData(7, new[] { 505 })]
    public async Task An_unaligned_sum_or_offset_on_a_direct_file_is_refused_with_the_values(long offset, int[] lengths)
    {
        var content = Pattern(2 * Block);
        var file = await FileOf(content);
        foreach (var memory in Enum.GetValues<MemoryKind>())
        {
            using var memories = new Memories(Pool, memory, lengths);
            var failed = await Replies.Do<Aio.CommandFailed>(new Aio.WriteV(file, memories.ReadOnly, offset));
            var error = Assert.IsType<AioAlignmentException>(failed.Cause);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
            Assert.Equal((offset, (long)lengths.Sum(), file.Path), (error.Offset, error.Length, error.Path));
            Assert.Equal((file.OffsetAlignment, file.MemoryAlignment), (error.OffsetAlignment, error.MemoryAlignment));
            Assert.Equal(memory == MemoryKind.Managed, error.Address == 0);
        }

        Assert.Equal(content, ContentOf(file));
        Assert.Equal(0, Pool.RentedBuffers);
    }

    [SkippableFact]
    public async Task Unaligned_parts_of_an_aligned_whole_are_written()
    {
        var file = await NewFile();
        await Replies.Do<Aio.WriteVCompleted>(
            new Aio.WriteV(file, [Pattern(3), Pattern(0), Pattern(509, 2), Pattern(512, 3)], 0));
        Assert.Equal([.. Pattern(3), .. Pattern(509, 2), .. Pattern(512, 3)], ContentOf(file));
    }

    [SkippableTheory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task Barriers_wait_for_vectors_and_durable_ones_are_written(DirectIo direct)
    {
        var file = await NewFile(direct: direct);
        using var memories = new Memories(Pool, MemoryKind.Aligned, [512, 512]);
        memories.Fill(Pattern(1024));
        var writes = Enumerable.Range(0, 50).Select(i => Replies.Tell(new Aio.WriteV(file, memories.ReadOnly, i * 1024)
        {
            Durability = i % 2 == 0 ? AioDurability.Dsync : AioDurability.None,
        })).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));
        await Replies.Of<Aio.Flushed>(flush);
        Assert.All(writes, write => Assert.True(Replies.Has(write)));
        var last = Replies.Tell(new Aio.WriteV(file, memories.ReadOnly, 50 * 1024));
        var cut = Replies.Tell(new Aio.SetLength(file, 51 * 1024));
        var close = Replies.Tell(new Aio.Close(file));
        await Replies.Of<Aio.Closed>(close);
        Assert.IsType<Aio.WriteVCompleted>(await Replies.Of(last));
        Assert.Equal(Enumerable.Range(0, 51).SelectMany(_ => Pattern(1024)), OnDisk(file.Path));
        var late = Replies.Tell(new Aio.WriteV(file, memories.ReadOnly, 0));
        Assert.IsType<AioClosedException>((await Replies.Of<Aio.CommandFailed>(late)).Cause);
        await Replies.AssertOneEach([.. writes, flush, last, cut, close, late]);
    }

    /// <summary>Kinds of memory with lengths whose sum is aligned.</summary>
    private sealed class CombinatorialMemoriesAttribute : Xunit.Sdk.DataAttribute
    {
        private static readonly int[][] Lengths = [[Block], [Block, 2 * Block], [512, 0, 1024, 512], [1, 511], [Block - 1, 2, Block - 1]];

        public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) =>
            from kind in Enum.GetValues<MemoryKind>()
            from lengths in Lengths
            select new object[] { kind, lengths };
    }
}
