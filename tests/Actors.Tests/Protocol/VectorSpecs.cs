using AkkaAio.Tests.Support;
using CsCheck;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class VectorSpecsOnLinuxAio(ITestOutputHelper output) : VectorSpecs(EngineKind.LinuxAio, "", output);

public sealed class VectorSpecsOnMemory(ITestOutputHelper output) : VectorSpecs(EngineKind.Memory, "", output);

public sealed class StripedVectorSpecsOnLinuxAio(ITestOutputHelper output) : VectorSpecs(EngineKind.LinuxAio, Striped, output);

/// <summary>ReadV and WriteV mean what one Read and Write of the buffers behind one another mean, whatever the buffers are.</summary>
public abstract class VectorSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    protected const string Striped = "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }";

    /// <summary>Bytes of each buffer: aligned, not aligned, empty, one, none.</summary>
    public static TheoryData<int[]> Shapes { get; } =
    [
        [Block], [Block, Block], [Block, 2 * Block, Block], [0, Block, 0, Block, 0], [Block - 1, 1], [1, 1, 1, (2 * Block) - 3],
        [100, 200, 300, Block - 600, 3 * Block], [0], [], [3 * Block, 512, 512, Block - 1024],
    ];

    [SkippableTheory]
    [MemberData(nameof(Shapes))]
    public async Task What_was_written_from_buffers_is_read_back_into_buffers(int[] lengths)
    {
        var total = lengths.Sum();
        foreach (var direct in new[] { DirectIo.Required, DirectIo.Off })
        {
            foreach (var fromPool in new[] { true, false })
            {
                var file = await NewFile(8 * Block, direct);
                var content = Pattern(total);
                using var data = new Buffers(this, lengths, fromPool);
                data.Fill(content);
                Assert.Equal(total, (await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, Block, data.ReadOnly))).Command.Length);
                Assert.Equal(content, OnDisk(file.Path)[Block..(Block + total)]);
                Assert.All(OnDisk(file.Path)[(Block + total)..(8 * Block)], value => Assert.Equal(0, value));

                using var into = new Buffers(this, [.. lengths.Reverse()], fromPool);
                Assert.Equal(total, (await Replies.Do<Aio.ReadVCompleted>(new Aio.ReadV(file, Block, into.Memories))).Count);
                Assert.Equal(content, into.Content);
            }
        }
    }

    [SkippableFact]
    public async Task A_read_ends_where_the_file_ends_and_leaves_the_rest_alone()
    {
        var content = Pattern((3 * Block) + 100);
        foreach (var direct in new[] { DirectIo.Required, DirectIo.Off })
        {
            var file = await FileOf(content, direct);
            foreach (var (offset, lengths, fromPool) in new (long, int[], bool)[]
            {
                (Block, [Block, Block, Block], true), (Block, [Block, Block, Block], false), (Block + 7, [50, Block, 3 * Block], true),
                (content.Length - 1, [1, 1, 1], false), (content.Length, [Block, Block], true), (10 * Block, [Block], false),
            })
            {
                using var into = new Buffers(this, lengths, fromPool);
                into.Fill([.. Enumerable.Repeat((byte)0xEE, lengths.Sum())]);
                var expected = content.AsSpan((int)Math.Min(offset, content.Length)).ToArray();
                expected = expected[..Math.Min(expected.Length, lengths.Sum())];
                var read = await Replies.Do<Aio.ReadVCompleted>(new Aio.ReadV(file, offset, into.Memories));
                Assert.Equal(expected.Length, read.Count);
                Assert.Equal(expected, into.Content[..read.Count]);

                // Zeros may follow within the last block that direct I/O reads in place.
                var untouched = direct == DirectIo.Required && fromPool ? (read.Count + Block - 1) / Block * Block : read.Count;
                Assert.All(into.Content[Math.Min(untouched, into.Content.Length)..], value => Assert.Equal(0xEE, value));
            }
        }
    }

    [SkippableTheory]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(3000)]
    public async Task More_buffers_than_the_kernel_takes_go_in_several_operations_and_one_reply(int count)
    {
        var file = await NewFile((long)count * Block);
        using var one = Pool.Rent(count * Block);
        Pattern(count * Block).CopyTo(one.GetSpan());
        var slices = Enumerable.Range(0, count).Select(i => one.Memory.Slice(i * Block, Block)).ToArray();
        var before = (await Stats()).Shards.Sum(shard => shard.Submitted);
        await file.WriteVAsync(0, [.. slices.Select(slice => (ReadOnlyMemory<byte>)slice)]);
        if (Kind != EngineKind.PosixAio)
        {
            Assert.Equal(before + ((count + 1023) / 1024), (await Stats()).Shards.Sum(shard => shard.Submitted));
        }

        one.GetSpan().Clear();
        Assert.Equal(count * Block, await file.ReadVAsync(0, slices.Reverse().ToArray()));
        Assert.Equal(Pattern(count * Block)[..Block], one.GetSpan().Slice((count - 1) * Block, Block).ToArray());
        Assert.Equal(Pattern(count * Block)[((count - 1) * Block)..], one.GetSpan()[..Block].ToArray());
    }

    [SkippableFact]
    public async Task Random_buffers_at_random_offsets_are_a_model_s()
    {
        var file = await NewFile(16 * Block);
        var model = new byte[16 * Block];
        var aligned = Gen.Int[1, 3].Select(blocks => blocks * Block).Array[1, 4];
        var any = Gen.Int[0, Block].Array[0, 6];
        Gen.Select(Gen.Bool, aligned, any, Gen.Bool, Gen.Int[0, 3], Gen.Int[0, Block]).Sample((write, blocks, lengths, fromPool, block, skip) =>
        {
            if (write)
            {
                using var data = new Buffers(this, blocks, fromPool);
                var content = Pattern(blocks.Sum(), block + skip + 1);
                data.Fill(content);
                file.WriteVAsync(block * Block, data.ReadOnly).AsTask().Wait(Patience.Long);
                content.CopyTo(model, block * Block);
                return true;
            }

            using var into = new Buffers(this, lengths, fromPool);
            var read = file.ReadVAsync((block * Block) + skip, into.Memories).AsTask();
            return read.Wait(Patience.Long) && read.Result == lengths.Sum() &&
                   into.Content.AsSpan().SequenceEqual(model.AsSpan((block * Block) + skip, lengths.Sum()));
        }, iter: 200, threads: 1);
        await file.DisposeAsync();
    }

    [SkippableFact]
    public async Task Bad_input_fails_typed_and_takes_nothing()
    {
        var file = await NewFile(4 * Block);
        var block = new byte[Block];
        var alignment = await Replies.Fails<AioAlignmentException>(new Aio.WriteV(file, 0, block, new byte[1]));
        Assert.Equal((0, Block + 1), (alignment.Offset, alignment.Length));
        await Replies.Fails<AioAlignmentException>(new Aio.WriteV(file, 1, block));
        await Replies.Fails<AioArgumentException>(new Aio.ReadV(file, -1, block));
        var huge = new byte[1 << 20];
        await Replies.Fails<AioArgumentException>(new Aio.ReadV(file, 0, [.. Enumerable.Repeat((Memory<byte>)huge, 2048)]));
        await Replies.Fails<AioArgumentException>(new Aio.ReadV(file, 0, [.. Enumerable.Repeat((Memory<byte>)huge, 100_000)]));
        var disposed = Pool.Rent(Block);
        var (memory, kept) = (disposed.Memory, Pool.Rent(Block));
        disposed.Dispose();
        await Replies.Fails<AioBufferDisposedException>(new Aio.WriteV(file, 0, kept.Memory, memory));
        await Replies.Fails<AioBufferDisposedException>(new Aio.ReadV(file, 0, kept.Memory, memory));
        kept.Dispose();
        Assert.Equal(0, Pool.RentedBuffers);
        Assert.Equal("destinations", Assert.Throws<ArgumentNullException>(() => new Aio.ReadV(file, 0, null!)).ParamName);
        Assert.Equal("data", Assert.Throws<ArgumentNullException>(() => new Aio.WriteV(file, 0, null!)).ParamName);
        await file.DisposeAsync();
        await Replies.Fails<AioClosedException>(new Aio.ReadV(file, 0, block));
    }

    [SkippableFact]
    public async Task In_a_batch_with_others_each_has_its_reply()
    {
        var file = await NewFile(64 * Block);
        Aio.FileCommand[] commands =
        [
            .. Enumerable.Range(0, 16).Select(i => new Aio.WriteV(file, i * 2 * Block, Pattern(Block, i), Pattern(Block, i + 100))),
            new Aio.Flush(file),
            .. Enumerable.Range(0, 16).Select(i => new Aio.ReadV(file, (32 + i) * Block, new byte[100], new byte[Block])),
        ];
        Disk.Tell(new Aio.Batch(commands), Replies);
        await Replies.AssertOneEach(commands);
        Assert.All(commands, command => Assert.IsNotType<Aio.CommandFailed>(Replies.Of(command).Result));
        for (var i = 0; i < 16; i++)
        {
            Assert.Equal([.. Pattern(Block, i), .. Pattern(Block, i + 100)], OnDisk(file.Path)[(i * 2 * Block)..((i + 1) * 2 * Block)]);
        }
    }

    [SkippableFact]
    public async Task A_file_that_is_appended_to_grows()
    {
        var file = await NewFile();
        for (var i = 0; i < 40; i++)
        {
            await file.WriteVAsync(i * 2 * Block, [Pattern(Block, i), Pattern(Block, i + 100)]);
        }

        Assert.Equal(80 * Block, file.Length);
        await file.FlushAsync();
        Assert.Equal(Enumerable.Range(0, 40).SelectMany(i => Pattern(Block, i).Concat(Pattern(Block, i + 100))), ContentOf(file));
    }

    /// <summary>Memory in pieces: each aligned in a buffer of the pool, or managed.</summary>
    protected sealed class Buffers : IDisposable
    {
        private readonly List<AioBuffer> _rented = [];

        public Buffers(VectorSpecs specs, int[] lengths, bool fromPool) => Memories = [.. lengths.Select(length =>
        {
            if (!fromPool || length == 0)
            {
                return new byte[length];
            }

            _rented.Add(specs.Pool.Rent(length));
            return _rented[^1].Memory;
        })];

        public Memory<byte>[] Memories { get; }

        public ReadOnlyMemory<byte>[] ReadOnly => [.. Memories.Select(memory => (ReadOnlyMemory<byte>)memory)];

        public byte[] Content => [.. Memories.SelectMany(memory => memory.ToArray())];

        public void Fill(byte[] content)
        {
            foreach (var memory in Memories)
            {
                content.AsSpan(0, memory.Length).CopyTo(memory.Span);
                content = content[memory.Length..];
            }
        }

        public void Dispose() => _rented.ForEach(buffer => buffer.Dispose());
    }
}
