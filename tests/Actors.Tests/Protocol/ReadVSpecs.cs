using AkkaAio.Interop.Abi;
using AkkaAio.Tests.Support;
using CsCheck;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class ReadVSpecsOnLinuxAio(ITestOutputHelper output) : ReadVSpecs(EngineKind.LinuxAio, "", output);

public sealed class ReadVSpecsOnMemory(ITestOutputHelper output) : ReadVSpecs(EngineKind.Memory, "", output);

public sealed class StripedReadVSpecsOnLinuxAio(ITestOutputHelper output) : ReadVSpecs(EngineKind.LinuxAio, Striped, output);

/// <summary>ReadV gives exactly the bytes of one range, in the order of its buffers, whatever memory they are.</summary>
public abstract class ReadVSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    protected const string Striped = "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }";

    private const int Length = (5 * Block) + 123;

    public static TheoryData<long, int[]> Ranges { get; } = new()
    {
        { 0, [] }, { 0, [0, 0] }, { 0, [1] }, { 0, [Block, Block] }, { Block, [Block, 0, 2 * Block] }, { 3, [1, 2, 3] },
        { 0, [511, 1, 512] }, { 512, [Block, 512, Block] }, { Block - 1, [1, 1, Block] }, { 0, [3 * Block, 3 * Block] },
        { 4 * Block, [Block, Block, Block] }, { Length - 1, [1, 1] }, { Length, [Block, Block] }, { 1000 * Block, [Block, 1] },
    };

    [SkippableTheory]
    [MemberData(nameof(Ranges))]
    public async Task ReadV_fills_its_buffers_in_order_and_no_other_memory(long offset, int[] lengths)
    {
        var content = Pattern(Length);
        foreach (var direct in new[] { DirectIo.Required, DirectIo.Off })
        {
            var file = await FileOf(content, direct);
            foreach (var memory in Enum.GetValues<MemoryKind>())
            {
                using var memories = new Memories(Pool, memory, lengths);
                var read = await Replies.Do<Aio.ReadVCompleted>(new Aio.ReadV(file, memories.All, offset));
                var from = (int)Math.Min(offset, Length);
                var expected = content[from..Math.Min(Length, from + lengths.Sum())];
                Assert.Equal(expected.Length, read.Count);
                Assert.Equal(expected, memories.Content()[..read.Count]);
                memories.AssertGapsAreUntouched();
            }
        }

        Assert.Equal(0, Pool.RentedBuffers);
    }

    [SkippableTheory]
    [InlineData(MemoryKind.Aligned)]
    [InlineData(MemoryKind.Misaligned)]
    public async Task More_buffers_than_one_operation_takes_are_one_command(MemoryKind memory)
    {
        const int Count = (2 * IoVec.MaxCount) + 7;
        var content = Pattern(Count * 512);
        var file = await FileOf(content);
        using var memories = new Memories(Pool, memory, [.. Enumerable.Repeat(512, Count)]);
        var read = await Replies.Do<Aio.ReadVCompleted>(new Aio.ReadV(file, memories.All, 0));
        Assert.Equal(content.Length, read.Count);
        Assert.True(memories.Content().AsSpan().SequenceEqual(content));
        Assert.Equal(1, (await Stats()).Shards.Sum(shard => shard.Reads));
    }

    [SkippableFact]
    public async Task Across_the_end_of_the_file_the_figures_count_what_was_read()
    {
        var file = await FileOf(Pattern(Block + 100));
        Assert.Equal(Block + 100, await file.ReadAsync([new byte[Block], new byte[Block]], 0));
        Assert.Equal(0, await file.ReadAsync([new byte[Block], new byte[Block]], 4 * Block));
        await Eventually(() => Ext.Shards.Sum(shard => shard.ToStats().ReadBytes) == Block + 100, "the bytes are counted, and no others");
    }

    [SkippableFact]
    public async Task The_end_of_the_file_may_come_in_any_operation_of_a_long_command()
    {
        foreach (var sectors in new[] { IoVec.MaxCount - 1, IoVec.MaxCount, IoVec.MaxCount + 1 })
        {
            var content = Pattern((sectors * 512) + 100);
            var file = await FileOf(content);
            using var memories = new Memories(Pool, MemoryKind.Aligned, [.. Enumerable.Repeat(512, 3 * IoVec.MaxCount)]);
            var read = await Replies.Do<Aio.ReadVCompleted>(new Aio.ReadV(file, memories.All, 0));
            Assert.Equal(content.Length, read.Count);
            Assert.True(memories.Content().AsSpan(0, content.Length).SequenceEqual(content));
        }
    }

    [SkippableFact]
    public async Task Aligned_buffers_are_read_into_without_a_copy()
    {
        var content = Pattern(3 * Block);
        var file = await FileOf(content);
        using var memories = new Memories(Pool, MemoryKind.Aligned, [Block, 2 * Block]);
        var (rented, most) = (Pool.RentedBuffers, 0L);
        Engine.OnOperation = (in _) =>
        {
            most = Math.Max(most, Pool.RentedBuffers);
            return default;
        };
        var read = await Replies.Do<Aio.ReadVCompleted>(new Aio.ReadV(file, memories.All, 0));
        Assert.Equal(content, memories.Content());
        Assert.Equal(rented, Pool.RentedBuffers);
        Assert.Equal(1, (await StatsAfter(1)).Shards.Sum(shard => shard.Submitted));
        if (Kind == EngineKind.Memory)
        {
            Assert.Equal(rented + 1, most); // the iovecs
        }
    }

    [SkippableFact]
    public async Task A_batch_takes_vectors_among_others_and_each_has_its_reply()
    {
        var file = await NewFile(16 * Block);
        using var memories = new Memories(Pool, MemoryKind.Aligned, [Block, Block]);
        using var into = new Memories(Pool, MemoryKind.Managed, [Block, Block]);
        memories.Fill(Pattern(2 * Block));
        var write = new Aio.WriteV(file, memories.ReadOnly, 4 * Block);
        var other = new Aio.Write(file, Pattern(Block, 2), 0);
        Disk.Tell(new Aio.Batch(write, other), Replies);
        await Replies.Of<Aio.WriteVCompleted>(write);
        await Replies.Of<Aio.WriteCompleted>(other);
        var readV = new Aio.ReadV(file, into.All, 4 * Block) { Token = "v" };
        var read = new Aio.ReadInto(file, new byte[Block], 0);
        Disk.Tell(new Aio.Batch(readV, read), Replies);
        Assert.Equal("v", (await Replies.Of<Aio.ReadVCompleted>(readV)).Token);
        await Replies.Of<Aio.ReadIntoCompleted>(read);
        Assert.Equal(memories.Content(), into.Content());
        await Replies.AssertOneEach(write, other, readV, read);
    }

    [SkippableFact]
    public async Task Vectors_can_be_awaited()
    {
        var file = await NewFile();
        foreach (var memory in Enum.GetValues<MemoryKind>())
        {
            using var memories = new Memories(Pool, memory, [Block, Block]);
            memories.Fill(Pattern(2 * Block, (int)memory));
            await file.WriteAsync(memories.ReadOnly, Block);
            await file.WriteAsync(memories.ReadOnly, Block, AioDurability.Dsync);
            using var into = new Memories(Pool, memory, [Block, Block, Block]);
            Assert.Equal(2 * Block, await file.ReadAsync(into.All, Block));
            Assert.Equal(memories.Content(), into.Content()[..(2 * Block)]);
        }

        Assert.Equal(0, await file.ReadAsync([], 0));
        await file.WriteAsync([], 0);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await file.ReadAsync([], 0, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await file.WriteAsync([], 0, cancelled.Token));
        using var token = new CancellationTokenSource();
        Assert.Equal(10, await file.ReadAsync([new byte[10]], Block, token.Token));
        await Assert.ThrowsAsync<AioAlignmentException>(async () => await file.WriteAsync([new byte[Block]], 1));
    }

    [SkippableFact]
    public async Task Impossible_vectors_are_refused_with_their_values_and_the_shard_lives_on()
    {
        var file = await NewFile(Block);
        Assert.Throws<ArgumentNullException>(() => new Aio.ReadV(null!, [], 0));
        Assert.Throws<ArgumentNullException>(() => new Aio.ReadV(file, null!, 0));
        Assert.Throws<ArgumentNullException>(() => new Aio.WriteV(null!, [], 0));
        Assert.Throws<ArgumentNullException>(() => new Aio.WriteV(file, null!, 0));
        var large = new byte[1 << 20];
        var tooLong = Enumerable.Repeat(large.AsMemory(), 4096).ToArray(); // 4 GiB: no int
        foreach (var (offset, memories, length) in new (long, Memory<byte>[], long)[]
                 {
                     (-1, [large], 1 << 20), (long.MaxValue, [large], 1 << 20), (0, tooLong, 4L << 30),
                     (0, tooLong[..2048], 2L << 30), (-1, [], 0),
                 })
        {
            Aio.TransferCommand[] commands =
                [
                    new Aio.ReadV(file, memories, offset),
                    new Aio.WriteV(file, [.. memories.Select(memory => (ReadOnlyMemory<byte>)memory)], offset),
                ];
            foreach (var command in commands)
            {
                var failed = await Replies.Do<Aio.CommandFailed>(command);
                var error = Assert.IsType<AioArgumentException>(failed.Cause);
                Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
                Assert.Equal((offset, length, file.Path), (error.Offset, error.Length, error.Path));
                Assert.Equal(command is Aio.ReadV ? "read" : "write", error.Operation);
            }
        }

        var readOnly = await Ext.OpenAsync(file.Path);
        var writeOnly = await Ext.OpenAsync(file.Path, New with { Mode = FileMode.Open, Access = FileAccess.Write });
        await Replies.Fails<AioArgumentException>(new Aio.WriteV(readOnly, [large], 0));
        await Replies.Fails<AioArgumentException>(new Aio.ReadV(writeOnly, [large], 0));
        Assert.Equal(Block, await file.ReadAsync([large], 0));
        Assert.Equal(0, (await Stats()).Shards.Sum(shard => shard.Restarts));
    }

    [SkippableFact]
    public async Task A_list_that_changes_after_the_command_was_made_changes_nothing()
    {
        var file = await FileOf(Pattern(2 * Block));
        var (first, second) = (new byte[Block], new byte[Block]);
        var list = new List<Memory<byte>> { first, second };
        var command = new Aio.ReadV(file, list, 0);
        list.Clear();
        Assert.Equal(2 * Block, (await Replies.Do<Aio.ReadVCompleted>(command)).Count);
        Assert.Equal(Pattern(2 * Block), first.Concat(second));
    }

    [SkippableTheory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task Random_vectors_read_back_what_a_model_says(DirectIo direct)
    {
        const int Size = 32 * Block;
        var model = Pattern(Size);
        var file = await FileOf(model, direct);
        var lengths = Gen.Int[0, Size / 16 / 512]
            .Select(Gen.Int[0, 511], Gen.Bool, (units, rest, whole) => (units * 512) + (whole ? 0 : rest));
        await Gen.Select(lengths.Array[1, 16], Gen.Int[0, Size], Gen.Enum<MemoryKind>(), Gen.Bool, Gen.Int).SampleAsync(
            async (parts, at, memory, writes, seed) =>
            {
                var unit = direct == DirectIo.Required && writes ? 512 : 1;
                parts[^1] += (unit - (parts.Sum() % unit)) % unit;
                var offset = Math.Min(at, Size - parts.Sum()) / unit * unit;
                using var memories = new Memories(Pool, memory, parts);
                if (writes)
                {
                    var data = Pattern(parts.Sum(), seed);
                    memories.Fill(data);
                    data.CopyTo(model.AsSpan(offset));
                    await file.WriteAsync(memories.ReadOnly, offset);
                }
                else
                {
                    Assert.Equal(parts.Sum(), await file.ReadAsync(memories.All, offset));
                    Assert.True(memories.Content().AsSpan().SequenceEqual(model.AsSpan(offset, parts.Sum())));
                }

                memories.AssertGapsAreUntouched();
            },
            iter: 100,
            threads: 1);
        Assert.True(ContentOf(file).AsSpan().SequenceEqual(model));
    }
}
