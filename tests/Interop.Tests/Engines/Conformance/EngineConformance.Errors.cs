using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

// What cannot be done is reported once, with its errno, and harms none of its neighbours in the batch.
public abstract partial class EngineConformance
{
    private const int NoDescriptor = int.MaxValue;

    [Theory]
    [InlineData(NoDescriptor)]
    [InlineData(-1)]
    public void A_bad_descriptor_is_EBADF(int descriptor)
    {
        var context = Rig.Context(3);
        var results = ResultsOf(
            context,
            new IoRequest(0, IoOpcode.Read, descriptor, Rig.Buffer().Address, Block, 0),
            new IoRequest(1, IoOpcode.Write, descriptor, Rig.Buffer().Address, Block, 0),
            new IoRequest(2, IoOpcode.DataSync, descriptor, 0, 0, 0));

        Assert.Equal([0, 1, 2], results.Keys.Order());
        Assert.All(results.Values, result => Assert.Equal(-(long)Errno.EBADF, result));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_bad_request_in_a_batch_stops_none_of_the_others(int at)
    {
        foreach (var bad in new Func<IoRequest, IoRequest>[] { r => r with { Descriptor = NoDescriptor }, r => r with { Offset = -1 } })
        {
            var file = Rig.File(new byte[5 * Block], name: Guid.NewGuid().ToString("N"));
            var context = Rig.Context(5);
            var batch = Enumerable.Range(0, 5).Select(slot => Io.Write(slot, file, Rig.Buffer(fill: 7), slot * Block)).ToArray();
            batch[at] = bad(batch[at]);

            var results = ResultsOf(context, batch);

            Assert.Equal(Enumerable.Range(0, 5), results.Keys.Order());
            Assert.All(results, result => Assert.Equal(result.Key != at, result.Value == Block));
            var content = new byte[5 * Block];
            Array.Fill(content, (byte)7);
            content.AsSpan(at * Block, Block).Clear();
            Assert.Equal(content, Rig.Content(Path.GetFileName(file.Path)));
        }
    }

    [Fact]
    public void What_the_file_was_not_opened_for_is_EBADF()
    {
        var context = Rig.Context(1);
        var readOnly = Rig.File(new byte[Block], FileAccess.Read, name: "read-only");
        var writeOnly = Rig.File(new byte[Block], FileAccess.Write, name: "write-only");

        Assert.Equal(-(long)Errno.EBADF, ResultsOf(context, Io.Write(0, readOnly, Rig.Buffer(fill: 1)))[0]);
        Assert.Equal(-(long)Errno.EBADF, ResultsOf(context, Io.Read(0, writeOnly, Rig.Buffer()))[0]);
        Assert.Equal(new byte[Block], Rig.Content("read-only"));
    }

    [Theory]
    [InlineData(FileAccess.Read)]
    [InlineData(FileAccess.Write)]
    public void A_sync_works_with_any_access(FileAccess access) =>
        Assert.Equal(0, Rig.Context(1).Perform(Io.DataSync(0, Rig.File(new byte[Block], access))));

    [Theory]
    [InlineData(-1)] // io_uring: the file's position
    [InlineData(-Block)]
    [InlineData(long.MinValue)]
    public void An_offset_below_0_is_EINVAL(long offset)
    {
        var file = Rig.File(new byte[Block]);
        var context = Rig.Context(1);
        foreach (var direct in new[] { file, Rig.File(new byte[Block], direct: DirectIo.Off, name: "buffered") })
        {
            Assert.Equal(-(long)Errno.EINVAL, ResultsOf(context, Io.Read(0, direct, Rig.Buffer(), offset))[0]);
            Assert.Equal(-(long)Errno.EINVAL, ResultsOf(context, Io.Write(0, direct, Rig.Buffer(fill: 1), offset))[0]);
        }

        Assert.Equal(new byte[Block], Rig.Content());
        Assert.Equal(new byte[Block], Rig.Content("buffered"));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-Block)] // an unsigned length would be 4 GiB, behind the buffer's end
    public void A_length_below_0_is_EINVAL(int length)
    {
        var file = Rig.File(new byte[Block]);
        var read = Io.Read(0, file, Rig.Buffer()) with { Length = length };
        Assert.Equal(-(long)Errno.EINVAL, ResultsOf(Rig.Context(1), read)[0]);
    }

    [Fact]
    public void A_sync_with_anything_that_belongs_to_a_transfer_is_EINVAL()
    {
        var sync = Io.DataSync(0, Rig.File(new byte[Block]));
        foreach (var bad in new[]
                 {
                     sync with { Buffer = Rig.Buffer().Address }, sync with { Length = Block }, sync with { Offset = Block },
                     sync with { Flags = RwFlags.DSync },
                 })
        {
            Assert.Equal(-(long)Errno.EINVAL, ResultsOf(Rig.Context(1), bad)[0]);
        }
    }

    [Fact]
    public void An_opcode_that_does_not_exist_is_the_callers_mistake_and_puts_nothing_in_flight()
    {
        var context = Rig.Context(2);
        var read = Io.Read(0, Rig.File(new byte[Block]), Rig.Buffer());

        Assert.Throws<ArgumentOutOfRangeException>(() => context.Submit([read with { Opcode = (IoOpcode)9 }]));

        Assert.Empty(context.ReapAll(0));
        Assert.Equal(Block, context.Perform(read));
    }

    [Fact]
    public void A_write_with_DSYNC_is_a_write()
    {
        var file = Rig.File(new byte[Block]);
        var write = Io.Write(0, file, Rig.Buffer(fill: 3)) with { Flags = RwFlags.DSync };
        Assert.Equal(Block, Rig.Context(1).Perform(write));
        Assert.Equal(Enumerable.Repeat((byte)3, Block), Rig.Content());
    }
}
