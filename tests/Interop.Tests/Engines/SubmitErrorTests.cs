using AkkaAio.Interop.Engines;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>What a submit refuses, on every engine: none of it may ever show up as a completion.</summary>
public abstract class SubmitErrorTests(EngineRig rig) : IDisposable
{
    private const int NoDescriptor = int.MaxValue;

    public void Dispose()
    {
        rig.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(IoOpcode.Read)]
    [InlineData(IoOpcode.Write)]
    [InlineData(IoOpcode.DataSync)]
    public void A_bad_descriptor_is_EBADF_with_none_accepted(object opcode) =>
        Refused(Errno.EBADF, new IoRequest(0, (IoOpcode)opcode, NoDescriptor, 0, 0, 0));

    [Fact]
    public void A_descriptor_of_minus_1_is_EBADF() => Refused(Errno.EBADF, new IoRequest(0, IoOpcode.Read, -1, 0, 0, 0));

    [Fact]
    public void A_bad_request_later_in_the_batch_makes_a_short_count_and_is_the_first_ones_error_next_time()
    {
        var file = rig.File(new byte[Block]);
        var context = rig.Context(8);
        var buffers = Enumerable.Range(0, 4).Select(_ => rig.Buffer()).ToArray();
        var bad = Io.Read(2, file, buffers[2]) with { Descriptor = NoDescriptor };
        IoRequest[] batch = [Io.Read(0, file, buffers[0]), Io.Read(1, file, buffers[1]), bad, Io.Read(3, file, buffers[3])];

        Assert.Equal(new IoSubmitResult(2, Errno.None), context.Submit(batch));
        Assert.Equal(new IoSubmitResult(0, Errno.EBADF), context.Submit(batch.AsSpan(2)));
        Assert.Equal(new IoSubmitResult(1, Errno.None), context.Submit(batch.AsSpan(3)));

        Assert.Equal([0, 1, 3], context.ReapAll(3).Keys.Order());
    }

    [Fact]
    public void A_write_on_a_read_only_file_is_EBADF()
    {
        var file = rig.File(new byte[Block], FileAccess.Read);
        Refused(Errno.EBADF, Io.Write(0, file, rig.Buffer(fill: 1)));
        Assert.Equal(new byte[Block], rig.Content());
    }

    [Fact]
    public void A_read_on_a_write_only_file_is_EBADF() =>
        Refused(Errno.EBADF, Io.Read(0, rig.File(new byte[Block], FileAccess.Write), rig.Buffer()));

    [Theory]
    [InlineData(FileAccess.Read)]
    [InlineData(FileAccess.Write)]
    public void A_data_sync_works_with_any_access(FileAccess access) =>
        Assert.Equal(0, rig.Context(1).Perform(Io.DataSync(0, rig.File(new byte[Block], access))));

    [Theory]
    [InlineData(-1)]
    [InlineData(-Block)]
    [InlineData(long.MinValue)]
    public void A_negative_offset_is_EINVAL(long offset)
    {
        var file = rig.File(new byte[Block]);
        Refused(Errno.EINVAL, Io.Read(0, file, rig.Buffer(), offset));
        Refused(Errno.EINVAL, Io.Write(0, file, rig.Buffer(), offset));
    }

    [Fact]
    public void A_negative_length_is_EINVAL() =>
        Refused(Errno.EINVAL, Io.Read(0, rig.File(new byte[Block]), rig.Buffer()) with { Length = -Block });

    [Fact]
    public void A_data_sync_with_anything_that_belongs_to_a_transfer_is_EINVAL()
    {
        var sync = Io.DataSync(0, rig.File(new byte[Block]));
        Refused(Errno.EINVAL, sync with { Buffer = rig.Buffer().Address });
        Refused(Errno.EINVAL, sync with { Length = Block });
        Refused(Errno.EINVAL, sync with { Offset = Block });
        Refused(Errno.EINVAL, sync with { Flags = Abi.RwFlags.DSync });
    }

    [Fact]
    public void An_end_beyond_what_any_file_can_have_is_an_error_and_not_a_write_elsewhere()
    {
        var file = rig.File(new byte[Block]);
        var context = rig.Context(1);
        var request = Io.Write(0, file, rig.Buffer(fill: 1), long.MaxValue - Block + 1);

        var submitted = context.Submit([request]);
        var error = submitted.Accepted == 1 ? (Errno)(-context.ReapAll(1)[0]) : submitted.Error;

        Assert.Contains(error, new[] { Errno.EFBIG, Errno.EINVAL, Errno.EOVERFLOW });
        Assert.Equal(new byte[Block], rig.Content());
    }

    [Fact]
    public void An_unknown_opcode_is_the_callers_mistake() =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            rig.Context(1).Submit([Io.Read(0, rig.File(new byte[Block]), rig.Buffer()) with { Opcode = (IoOpcode)9 }]));

    private void Refused(Errno errno, IoRequest request)
    {
        using var context = rig.Engine.CreateContext(2);
        Assert.Equal(new IoSubmitResult(0, errno), context.Submit([request]));
        Assert.Empty(context.ReapAll(0));
    }
}

public sealed class LinuxAioSubmitErrorTests() : SubmitErrorTests(new LinuxAioRig());

public sealed class MemorySubmitErrorTests() : SubmitErrorTests(new MemoryRig());
