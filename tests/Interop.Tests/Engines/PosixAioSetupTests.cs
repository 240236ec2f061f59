using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.PosixAio;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>What only glibc's POSIX AIO has: its control block, its threads, a sync as a second step.</summary>
[Collection(nameof(MachineWide))]
public sealed class PosixAioSetupTests
{
    [Fact]
    public void The_control_block_has_glibcs_size() =>
        Assert.Equal(168, System.Runtime.CompilerServices.Unsafe.SizeOf<Aiocb>());

    [Fact]
    public void As_many_contexts_as_are_allowed_leave_threads_to_work_with_and_one_more_is_refused()
    {
        using var rig = new PosixAioRig();
        var file = rig.File(new byte[Block]);
        var buffer = rig.Buffer();
        var contexts = Enumerable.Range(0, PosixAioLibrary.MaxContexts).Select(_ => new PosixAioContext(1)).ToList();
        try
        {
            Assert.All(contexts, context => Assert.Equal(Block, context.Perform(Io.Read(0, file, buffer))));
            var e = Assert.Throws<AioContextException>(() => new PosixAioContext(1));
            Assert.Contains("lower akka.io.aio.shards", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            contexts.ForEach(context => context.Dispose());
        }

        new PosixAioContext(1).Dispose();
    }

    [Fact]
    public void A_depth_that_would_burst_the_reapers_stack_is_refused()
    {
        var e = Assert.Throws<AioContextException>(() => new PosixAioContext(PosixAioContext.MaxDepth + 1));
        Assert.Contains("lower akka.io.aio.depth to 4096 at most", e.Message, StringComparison.Ordinal);

        using var rig = new PosixAioRig();
        var file = rig.File(new byte[Block]);
        var buffer = rig.Buffer();
        var context = rig.Context(PosixAioContext.MaxDepth);
        context.SubmitAll([.. Enumerable.Range(0, context.Depth).Select(slot => Io.Read(slot, file, buffer))]);
        Assert.Equal(context.Depth, context.ReapAll(context.Depth).Count);
    }

    [Fact]
    public void A_flag_that_POSIX_has_no_word_for_is_refused()
    {
        using var rig = new PosixAioRig();
        var read = Io.Read(0, rig.File(new byte[Block]), rig.Buffer());
        Assert.Equal(
            new IoSubmitResult(0, Errno.EOPNOTSUPP), rig.Context(1).Submit([read with { Flags = RwFlags.NoWait }]));
    }

    [Fact]
    public void A_write_with_DSYNC_completes_once_with_its_length()
    {
        using var rig = new PosixAioRig();
        var file = rig.File(new byte[Block]);
        var write = Io.Write(0, file, rig.Buffer(fill: 5)) with { Flags = RwFlags.DSync };
        var context = rig.Context(1);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(Block, context.Perform(write));
        }

        Assert.Equal(-(long)Errno.EINVAL, context.Perform(write with { Offset = 1 }));
        Assert.Equal(Enumerable.Repeat((byte)5, Block), rig.Content());
    }
}
