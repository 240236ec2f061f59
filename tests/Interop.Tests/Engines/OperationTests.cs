using AkkaAio.Interop.Engines;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>What an operation does, on every engine.</summary>
public abstract class OperationTests(EngineRig rig) : IDisposable
{
    private const int Depth = 64;

    public static TheoryData<DirectIo> Modes { get; } = [DirectIo.Required, DirectIo.Off];

    public void Dispose()
    {
        rig.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void What_is_written_is_read_back_from_the_same_place_only(DirectIo direct)
    {
        var file = rig.File(new byte[3 * Block], direct: direct);
        var context = rig.Context(Depth);
        var buffer = rig.Buffer();
        Io.Pattern(Block).CopyTo(buffer.GetSpan());

        Assert.Equal(Block, context.Perform(Io.Write(5, file, buffer, Block)));
        Assert.Equal(0, context.Perform(Io.DataSync(0, file)));
        buffer.GetSpan().Clear();
        Assert.Equal(Block, context.Perform(Io.Read(Depth - 1, file, buffer, Block)));

        Assert.Equal(Io.Pattern(Block), buffer.GetSpan());
        Assert.Equal([.. new byte[Block], .. Io.Pattern(Block), .. new byte[Block]], rig.Content());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_full_batch_completes_every_slot_once_with_its_own_data(DirectIo direct)
    {
        var content = Io.Pattern(Depth * Block);
        var file = rig.File(content, direct: direct);
        var context = rig.Context(Depth);
        var buffers = Enumerable.Range(0, Depth).Select(_ => rig.Buffer()).ToArray();

        context.SubmitAll([.. buffers.Select((buffer, slot) => Io.Read(slot, file, buffer, slot * Block))]);
        var results = context.ReapAll(Depth);

        Assert.Equal(Enumerable.Range(0, Depth), results.Keys.Order());
        Assert.All(results.Values, result => Assert.Equal(Block, result));
        Assert.All(buffers.Index(), item => Assert.Equal(content.AsSpan(item.Index * Block, Block), item.Item.GetSpan()));
    }

    [Fact]
    public void A_slot_is_free_again_once_it_was_reaped()
    {
        var file = rig.File(new byte[Block]);
        var context = rig.Context(1);
        var buffer = rig.Buffer();

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(Block, context.Perform(Io.Read(0, file, buffer)));
        }
    }

    [Fact]
    public void Operations_that_no_context_could_have_in_flight_are_refused_and_harm_nothing()
    {
        var file = rig.File(new byte[Block]);
        var context = rig.Context(2);
        var buffer = rig.Buffer();
        var tooMany = Enumerable.Range(0, 1000).Select(slot => Io.Read(slot, file, buffer)).ToArray();

        Assert.ThrowsAny<Exception>(() => context.Submit(tooMany));

        using var other = rig.Engine.CreateContext(2);
        Assert.Equal(Block, other.Perform(Io.Read(1, file, buffer)));
    }

    [Fact]
    public void An_empty_batch_is_accepted()
    {
        var context = rig.Context(Depth);

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
        var file = rig.File(new byte[4 * Block]);
        var context = rig.Context(Depth);
        var buffer = rig.Buffer(2 * Block);
        var read = new IoRequest(3, IoOpcode.Read, file.Descriptor, buffer.Address + address, length, offset);

        Assert.Equal(-(long)Errno.EINVAL, context.Perform(read));
        Assert.Equal(-(long)Errno.EINVAL, context.Perform(read with { Opcode = IoOpcode.Write }));
        Assert.Equal(new byte[4 * Block], rig.Content());
    }

    [Theory]
    [InlineData(1, 7, 3)]
    [InlineData(0, 1, 0)]
    [InlineData(4095, 1, 1)]
    public void A_buffered_file_takes_any_alignment(int offset, int length, int address)
    {
        var content = Io.Pattern(2 * Block);
        var file = rig.File(content, direct: DirectIo.Off);
        var buffer = rig.Buffer();
        var read = new IoRequest(0, IoOpcode.Read, file.Descriptor, buffer.Address + address, length, offset);

        Assert.Equal(length, rig.Context(1).Perform(read));
        Assert.Equal(content.AsSpan(offset, length), buffer.GetSpan().Slice(address, length));
    }

    [Fact]
    public void A_read_across_the_end_is_short_and_one_at_or_behind_it_is_empty()
    {
        var content = Io.Pattern(Block + 100);
        var file = rig.File(content);
        var context = rig.Context(Depth);
        var buffer = rig.Buffer(2 * Block, fill: 0xEE);

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
        var file = rig.File([]);
        Assert.Equal(Block, rig.Context(1).Perform(Io.Write(0, file, rig.Buffer(fill: 7), 2 * Block)));

        Assert.Equal(3 * Block, file.GetLength());
        Assert.Equal([.. new byte[2 * Block], .. Enumerable.Repeat((byte)7, Block)], rig.Content());
    }
}

public sealed class LinuxAioOperationTests() : OperationTests(new LinuxAioRig());

public sealed class IoUringOperationTests() : OperationTests(new IoUringRig());

public sealed class PosixAioOperationTests() : OperationTests(new PosixAioRig());

public sealed class MemoryOperationTests() : OperationTests(new MemoryRig());
