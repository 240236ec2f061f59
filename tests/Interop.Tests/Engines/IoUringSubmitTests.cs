using AkkaAio.Interop.Engines;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>io_uring_enter that consumes nothing, by the real kernel: nothing may stay in the submission queue.</summary>
public sealed class IoUringSubmitTests : IDisposable
{
    // As no other test submits: the filter may live on in a thread that the runtime starts meanwhile.
    private const int Refused = 37;

    private readonly IoUringRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [SkippableTheory]
    [InlineData(Errno.EAGAIN)]
    [InlineData(Errno.EBUSY)]
    public void What_the_kernel_did_not_consume_is_not_submitted_with_what_comes_next(Errno errno)
    {
        var file = _rig.File(new byte[64 * Block]);
        var context = _rig.Context(64);
        var writes = Enumerable.Range(0, Refused)
            .Select(slot => Io.Write(slot, file, _rig.Buffer(fill: (byte)(slot + 1)), slot * Block)).ToArray();
        var refused = RefusedSyscalls.Refusing(
            RefusedSyscalls.IoUringEnter, errno, () => context.Submit(writes), secondArgument: Refused);
        Assert.Equal(new IoSubmitResult(0, Errno.EAGAIN), refused); // EBUSY too: reap, then come again

        // One alone, and it is that one which completes, with nothing beside it.
        Assert.Equal(Block, context.Perform(Io.Write(50, file, _rig.Buffer(fill: 99), 50 * Block)));
        Assert.Equal(-1, _rig.Content().AsSpan(0, Refused * Block).IndexOfAnyExcept((byte)0));

        context.SubmitAll(writes);
        Assert.Equal(Enumerable.Range(0, Refused), context.ReapAll(Refused).Keys.Order());
        Assert.Equal(
            Enumerable.Range(0, Refused).SelectMany(slot => Enumerable.Repeat((byte)(slot + 1), Block)),
            _rig.Content().Take(Refused * Block));
    }
}
