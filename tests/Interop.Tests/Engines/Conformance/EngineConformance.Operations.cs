using AkkaAio.Interop.Engines;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

// What an operation does.
public abstract partial class EngineConformance
{
    [Theory]
    [MemberData(nameof(Modes))]
    public void What_is_written_is_read_back_from_the_same_place_only(DirectIo direct)
    {
        var file = Rig.File(new byte[3 * Block], direct: direct);
        var context = Rig.Context(FullDepth);
        var buffer = Rig.Buffer();
        Io.Pattern(Block).CopyTo(buffer.GetSpan());

        Assert.Equal(Block, context.Perform(Io.Write(5, file, buffer, Block)));
        Assert.Equal(0, context.Perform(Io.DataSync(0, file)));
        buffer.GetSpan().Clear();
        Assert.Equal(Block, context.Perform(Io.Read(FullDepth - 1, file, buffer, Block)));

        Assert.Equal(Io.Pattern(Block), buffer.GetSpan());
        Assert.Equal([.. new byte[Block], .. Io.Pattern(Block), .. new byte[Block]], Rig.Content());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_full_batch_completes_every_slot_once_with_its_own_data(DirectIo direct)
    {
        var content = Io.Pattern(FullDepth * Block);
        var file = Rig.File(content, direct: direct);
        var context = Rig.Context(FullDepth);
        var buffers = Enumerable.Range(0, FullDepth).Select(_ => Rig.Buffer()).ToArray();

        context.SubmitAll([.. buffers.Select((buffer, slot) => Io.Read(slot, file, buffer, slot * Block))]);
        var results = context.ReapAll(FullDepth);

        Assert.Equal(Enumerable.Range(0, FullDepth), results.Keys.Order());
        Assert.All(results.Values, result => Assert.Equal(Block, result));
        Assert.All(buffers.Index(), item => Assert.Equal(content.AsSpan(item.Index * Block, Block), item.Item.GetSpan()));
    }

    [Fact]
    public void A_slot_is_free_again_once_it_was_reaped()
    {
        var file = Rig.File(new byte[Block]);
        var context = Rig.Context(1);
        var buffer = Rig.Buffer();

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(Block, context.Perform(Io.Read(0, file, buffer)));
        }
    }

    [Fact]
    public void Operations_that_no_context_could_have_in_flight_are_refused_and_harm_nothing()
    {
        var file = Rig.File(new byte[Block]);
        var context = Rig.Context(2);
        var buffer = Rig.Buffer();
        var tooMany = Enumerable.Range(0, 1000).Select(slot => Io.Read(slot, file, buffer)).ToArray();

        Assert.ThrowsAny<Exception>(() => context.Submit(tooMany));

        using var other = Rig.Engine.CreateContext(2);
        Assert.Equal(Block, other.Perform(Io.Read(1, file, buffer)));
    }

    [Fact]
    public void An_empty_batch_is_accepted()
    {
        var context = Rig.Context(FullDepth);

        Assert.Equal(new IoSubmitResult(0, Errno.None), context.Submit([]));
        Assert.Empty(context.ReapAll(0));
    }

    [Theory]
    [InlineData(1, Block, 0)]
    [InlineData(0, Block - 1, 0)]
    [InlineData(0, Block, 1)]
    [InlineData(1, 1, 1)]
    public void A_misaligned_direct_operation_is_accepted_and_its_event_says_EINVAL(int offset, int length, int address)
    {
        var file = Rig.File(new byte[4 * Block]);
        var context = Rig.Context(FullDepth);
        var buffer = Rig.Buffer(2 * Block);
        var read = new IoRequest(3, IoOpcode.Read, file.Descriptor, buffer.Address + address, length, offset);

        Assert.Equal(-(long)Errno.EINVAL, context.Perform(read));
        Assert.Equal(-(long)Errno.EINVAL, context.Perform(read with { Opcode = IoOpcode.Write }));
        Assert.Equal(new byte[4 * Block], Rig.Content());
    }

    [Theory]
    [InlineData(1, 7, 3)]
    [InlineData(0, 1, 0)]
    [InlineData(4095, 1, 1)]
    public void A_buffered_file_takes_any_alignment(int offset, int length, int address)
    {
        var content = Io.Pattern(2 * Block);
        var file = Rig.File(content, direct: DirectIo.Off);
        var buffer = Rig.Buffer();
        var read = new IoRequest(0, IoOpcode.Read, file.Descriptor, buffer.Address + address, length, offset);

        Assert.Equal(length, Rig.Context(1).Perform(read));
        Assert.Equal(content.AsSpan(offset, length), buffer.GetSpan().Slice(address, length));
    }

    [Fact]
    public void A_read_across_the_end_is_short_and_one_at_or_behind_it_is_empty()
    {
        var content = Io.Pattern(Block + 100);
        var file = Rig.File(content);
        var context = Rig.Context(FullDepth);
        var buffer = Rig.Buffer(2 * Block, fill: 0xEE);

        Assert.Equal(Block + 100, context.Perform(Io.Read(0, file, buffer)));
        Assert.Equal(content, buffer.GetSpan()[..(Block + 100)]);
        Assert.Equal(0, context.Perform(Io.Read(0, file, buffer, 2 * Block)));
        Assert.Equal(0, context.Perform(Io.Read(0, file, buffer, 1024L * Block)));

        file.SetLength(Block);
        Assert.Equal(0, context.Perform(Io.Read(0, file, buffer, Block)));
    }

    [Fact]
    public void A_write_behind_the_end_extends_the_file_with_zeros()
    {
        var file = Rig.File([]);
        Assert.Equal(Block, Rig.Context(1).Perform(Io.Write(0, file, Rig.Buffer(fill: 7), 2 * Block)));

        Assert.Equal(3 * Block, file.GetLength());
        Assert.Equal([.. new byte[2 * Block], .. Enumerable.Repeat((byte)7, Block)], Rig.Content());
    }
}
