using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Protocol;

// Barriers, and what waits for them.
public abstract partial class CancelSpecsBase
{
    [Fact]
    public async Task A_command_behind_a_barrier_is_taken_out()
    {
        var file = await NewFile(4 * Block);
        var first = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));
        var cut = Replies.Tell(new Aio.SetLength(file, 4 * Block));
        var write = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        var flush = Replies.Tell(new Aio.Flush(file));
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(write))).Found);
        Assert.Equal(AioOutcome.NotPerformed, (await Replies.Of<Aio.CommandFailed>(write)).Outcome);
        Script(hold: false);
        Engine.Release();
        await Replies.Of<Aio.Flushed>(flush);
        Assert.Equal(new byte[Block], OnDisk(file.Path)[..Block]);
        Assert.True(Replies.Has(first) && Replies.Has(cut));
    }

    [Fact]
    public async Task A_barrier_is_answered_and_still_keeps_the_order()
    {
        var file = await NewFile(4 * Block);
        var write = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        Aio.BarrierCommand[] barriers = [new Aio.Flush(file), new Aio.SetLength(file, 2 * Block), new Aio.Flush(file), new Aio.Close(file)];
        foreach (var barrier in barriers)
        {
            Replies.Tell(barrier);
        }

        foreach (var barrier in barriers)
        {
            Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(barrier))).Found);
            Assert.IsType<AioCanceledException>((await Replies.Of<Aio.CommandFailed>(barrier)).Cause);
        }

        Assert.False(Replies.Has(write));
        Script(hold: false);
        Engine.Release();
        await Replies.Of<Aio.WriteCompleted>(write);
        await Eventually(() => Engine.OpenFiles == 0, "the cancelled Close has closed");
        Assert.Equal(2 * Block, LengthOnDisk(file.Path));
        Assert.Equal(1 + (2 * barriers.Length), Replies.Count);
    }

    [Fact]
    public async Task A_flush_waits_for_a_cancelled_write_that_the_kernel_still_has()
    {
        var file = await NewFile(4 * Block);
        var other = await NewFile(Block);
        var write = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        await InFlight(1);
        await Replies.Do<Aio.Canceled>(new Aio.Cancel(write));
        var flush = Replies.Tell(new Aio.Flush(file));
        Script(hold: false);
        await Fence(other);
        Assert.False(Replies.Has(flush));
        Engine.Release();
        await Replies.Of<Aio.Flushed>(flush);
        Assert.Equal(Pattern(Block), OnDisk(file.Path)[..Block]);
    }
}
