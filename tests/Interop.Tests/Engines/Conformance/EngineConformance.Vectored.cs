using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using CsCheck;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

// One range of the file, many buffers.
public abstract partial class EngineConformance
{
    [Theory]
    [MemberData(nameof(Modes))]
    public void Buffers_are_written_and_read_in_their_order(DirectIo direct)
    {
        var file = Rig.File(new byte[8 * Block], direct: direct);
        var context = Rig.Context(FullDepth);
        var (table, buffer) = (Rig.Buffer(), Rig.Buffer(6 * Block));
        Io.Pattern(6 * Block).CopyTo(buffer.GetSpan());
        (nint, int)[] pieces = [(buffer.Address + (3 * Block), 2 * Block), (buffer.Address, Block), (buffer.Address + Block, 2 * Block)];

        Assert.Equal(5 * Block, context.Perform(Io.Vectored(IoOpcode.Write, 3, file, table, pieces, Block)));
        var pattern = Io.Pattern(6 * Block);
        byte[] written = [.. pattern[(3 * Block)..(5 * Block)], .. pattern[..(3 * Block)]];
        Assert.Equal([.. new byte[Block], .. written, .. new byte[2 * Block]], Rig.Content());

        buffer.GetSpan().Clear();
        Assert.Equal(5 * Block, context.Perform(Io.Vectored(IoOpcode.Read, FullDepth - 1, file, table, pieces, Block)));
        Assert.Equal([.. pattern[..(5 * Block)], .. new byte[Block]], buffer.GetSpan().ToArray());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void As_many_buffers_as_the_kernel_takes_and_one_more_is_EINVAL(DirectIo direct)
    {
        const int Piece = 512;
        var content = Io.Pattern((IoVec.MaxCount + 1) * Piece);
        var file = Rig.File(content, direct: direct);
        var context = Rig.Context(2);
        var (table, buffer) = (Rig.Buffer((IoVec.MaxCount + 1) * IoVec.Size), Rig.Buffer(content.Length));
        var backwards = Enumerable.Range(0, IoVec.MaxCount + 1)
            .Select(i => (buffer.Address + ((IoVec.MaxCount - i) * Piece), Piece)).ToArray();

        Assert.Equal(
            IoVec.MaxCount * Piece, context.Perform(Io.Vectored(IoOpcode.Read, 0, file, table, backwards[..^1])));
        for (var i = 0; i < IoVec.MaxCount; i++)
        {
            Assert.True(content.AsSpan(i * Piece, Piece).SequenceEqual(buffer.GetSpan().Slice((IoVec.MaxCount - i) * Piece, Piece)));
        }

        foreach (var opcode in new[] { IoOpcode.Read, IoOpcode.Write })
        {
            Assert.Equal(-(long)Errno.EINVAL, ResultsOf(context, Io.Vectored(opcode, 1, file, table, backwards))[1]);
        }

        Assert.Equal(content, Rig.Content());
    }

    [Fact]
    public void A_vectored_read_across_the_end_is_short_in_the_middle_of_a_buffer_and_empty_behind_the_end()
    {
        var content = Io.Pattern(Block + 100);
        var file = Rig.File(content);
        var context = Rig.Context(1);
        var (table, buffer) = (Rig.Buffer(), Rig.Buffer(3 * Block));
        (nint, int)[] pieces = [(buffer.Address + (2 * Block), Block), (buffer.Address + Block, Block), (buffer.Address, Block)];

        Assert.Equal(Block + 100, context.Perform(Io.Vectored(IoOpcode.Read, 0, file, table, pieces)));
        Assert.Equal(content.AsSpan(0, Block), buffer.GetSpan()[(2 * Block)..]);
        Assert.Equal(content.AsSpan(Block), buffer.GetSpan().Slice(Block, 100));
        Assert.Equal(0, context.Perform(Io.Vectored(IoOpcode.Read, 0, file, table, pieces, 2 * Block)));
    }

    [Theory]
    [InlineData(1, Block, 0)]
    [InlineData(0, Block - 1, 0)]
    [InlineData(0, Block, 1)]
    public void A_misaligned_buffer_among_others_on_a_direct_file_is_EINVAL(int offset, int length, int address)
    {
        var file = Rig.File(new byte[4 * Block]);
        var context = Rig.Context(1);
        var (table, buffer) = (Rig.Buffer(), Rig.Buffer(4 * Block, fill: 1));
        (nint, int)[] pieces = [(buffer.Address + address, length), (buffer.Address + (2 * Block), Block)];

        foreach (var opcode in new[] { IoOpcode.Write, IoOpcode.Read })
        {
            Assert.Equal(-(long)Errno.EINVAL, context.Perform(Io.Vectored(opcode, 0, file, table, pieces, offset)));
        }

        Assert.Equal(new byte[4 * Block], Rig.Content());
    }

    [Fact]
    public void Empty_buffers_among_others_and_a_durable_write()
    {
        var file = Rig.File(new byte[2 * Block], direct: DirectIo.Off);
        var (table, buffer) = (Rig.Buffer(), Rig.Buffer(fill: 5));
        (nint, int)[] pieces =
            [(buffer.Address, 0), (buffer.Address, 3), (buffer.Address, 0), (buffer.Address + 1, 4), (buffer.Address, 0)];

        var write = Io.Vectored(IoOpcode.Write, 0, file, table, pieces, 10) with { Flags = RwFlags.DSync };
        Assert.Equal(7, Rig.Context(1).Perform(write));

        Assert.Equal([.. new byte[10], 5, 5, 5, 5, 5, 5, 5, .. new byte[(2 * Block) - 17]], Rig.Content());
    }

    [Fact]
    public void A_vectored_write_between_others_of_its_file_is_done_as_each_of_them()
    {
        var file = Rig.File(new byte[4 * Block]);
        var (table, first, second) = (Rig.Buffer(), Rig.Buffer(fill: 1), Rig.Buffer(2 * Block, fill: 2));
        (nint, int)[] pieces = [(second.Address, Block), (second.Address + Block, Block)];
        var results = ResultsOf(
            Rig.Context(3),
            Io.Write(0, file, first),
            Io.Vectored(IoOpcode.Write, 1, file, table, pieces, Block),
            Io.Write(2, file, first, 3 * Block));

        Assert.Equal([Block, 2 * Block, Block], results.OrderBy(result => result.Key).Select(result => result.Value));
        Assert.Equal(
            [.. Enumerable.Repeat((byte)1, Block), .. Enumerable.Repeat((byte)2, 2 * Block), .. Enumerable.Repeat((byte)1, Block)],
            Rig.Content());
    }

    [Theory]
    [InlineData(IoOpcode.Read)]
    [InlineData(IoOpcode.Write)]
    public void What_no_vectored_request_can_be_is_refused_with_its_errno(object opcode)
    {
        var file = Rig.File(new byte[Block]);
        var (table, buffer) = (Rig.Buffer(), Rig.Buffer());
        var request = Io.Vectored((IoOpcode)opcode, 0, file, table, [(buffer.Address, Block)]);
        Assert.Equal(-(long)Errno.EINVAL, ResultsOf(Rig.Context(1), request with { Offset = -1 })[0]);
        Assert.Equal(-(long)Errno.EBADF, ResultsOf(Rig.Context(1), request with { Descriptor = NoDescriptor })[0]);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Random_vectors_read_back_what_a_model_says(DirectIo direct)
    {
        const int Blocks = 24;
        var model = Io.Pattern(Blocks * Block);
        var file = Rig.File(model, direct: direct, name: "vectors");
        var context = Rig.Context(1);
        var (table, memory) = (Rig.Buffer(), Rig.Buffer(Blocks * Block));
        var unit = direct == DirectIo.Off ? 1 : 512;
        var vectors = Gen.Int[0, Blocks * Block / 16 / unit].Select(units => units * unit).Array[1, 16];
        Gen.Select(vectors, Gen.Int[0, Blocks * Block / unit], Gen.Int, Gen.Bool).Sample(
            (lengths, at, seed, writes) =>
            {
                var offset = (long)Math.Min(at * unit, model.Length - lengths.Sum());
                var random = new Random(seed);
                random.NextBytes(memory.GetSpan());
                var place = 0;
                var pieces = lengths.Select(length => (memory.Address + (place += length) - length, length)).ToArray();
                random.Shuffle(pieces); // in the file one behind the other, in memory anywhere
                var request = Io.Vectored(writes ? IoOpcode.Write : IoOpcode.Read, 0, file, table, pieces, offset);
                Assert.Equal(lengths.Sum(), context.Perform(request));
                foreach (var (address, length) in pieces)
                {
                    var piece = memory.GetSpan().Slice((int)(address - memory.Address), length);
                    var there = model.AsSpan((int)offset, length);
                    if (writes)
                    {
                        piece.CopyTo(there);
                    }

                    Assert.True(piece.SequenceEqual(there));
                    offset += length;
                }
            },
            iter: 200,
            threads: 1);
        Assert.True(Rig.Content("vectors").AsSpan().SequenceEqual(model));
    }
}
