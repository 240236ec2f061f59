using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.Memory;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

/// <summary>ReadV and WriteV under a kernel that does a part, fails, or takes its time.</summary>
public sealed class VectorFaultSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(Block)]
    [InlineData(Block + 100)]
    [InlineData((3 * Block) - 1)]
    [InlineData((5 * Block) + 512)]
    public async Task A_short_write_goes_on_where_it_ended_also_amid_a_buffer(int shortTo)
    {
        var file = await NewFile(16 * Block);
        using var one = Pool.Rent(6 * Block);
        Pattern(6 * Block).CopyTo(one.GetSpan());
        var once = 1;
        var requests = new List<IoRequest>();
        Engine.OnOperation = (in request) =>
        {
            requests.Add(request);
            return new OperationFault { ShortTo = Interlocked.Exchange(ref once, 0) == 1 ? shortTo : null };
        };
        await Replies.Do<Aio.WriteVCompleted>(
            new Aio.WriteV(file, Block, one.Memory[..(2 * Block)], one.Memory[(2 * Block)..(3 * Block)], one.Memory[(3 * Block)..]));
        Assert.Equal(Pattern(6 * Block), OnDisk(file.Path)[Block..(7 * Block)]);
        Assert.Equal(2, requests.Count);
        Assert.All(requests, request => Assert.InRange(request.Vectors, 1, 3));
        Assert.Equal(Block + (shortTo / Engine.Alignment * Engine.Alignment), requests[1].Offset);
    }

    [Fact]
    public async Task A_device_that_goes_on_cutting_writes_short_fails_them_with_what_was_done()
    {
        var file = await NewFile(16 * Block);
        using var one = Pool.Rent(2 * Block);
        Engine.OnOperation = (in request) => new OperationFault { ShortTo = 0 };
        var write = new Aio.WriteV(file, 0, one.Memory[..Block], one.Memory[Block..]);
        var failed = await Replies.Do<Aio.CommandFailed>(write);
        Assert.IsType<AioShortWriteException>(failed.Cause);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        Assert.Equal(1, Pool.RentedBuffers);
    }

    [Fact]
    public async Task The_kernel_s_memory_stays_until_it_is_done_whatever_the_requester_does()
    {
        var (file, other) = (await FileOf(Pattern(4 * Block)), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Vectors > 0 };
        var (first, second) = (Pool.Rent(Block), Pool.Rent(Block));
        var canceled = Replies.Tell(new Aio.ReadV(file, 0, first.Memory, second.Memory));
        var read = Replies.Tell(new Aio.ReadV(file, 2 * Block, first.Memory, second.Memory));
        await Fence(other);
        first.Dispose();
        second.Dispose();
        Assert.Equal(4, Pool.RentedBuffers); // the two, and an array for each command
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(canceled))).Found);
        Assert.IsType<AioCanceledException>((await Replies.Of<Aio.CommandFailed>(canceled)).Cause);
        Assert.Equal(4, Pool.RentedBuffers);
        using (var stranger = Pool.Rent(Block))
        {
            stranger.GetSpan().Fill(0xAA);
            Assert.Equal(2, Engine.Release());
            Assert.Equal(2 * Block, (await Replies.Of<Aio.ReadVCompleted>(read)).Count);
            Assert.All(stranger.GetSpan().ToArray(), value => Assert.Equal(0xAA, value));
        }

        await Fence(other);
        Assert.Equal(0, Pool.RentedBuffers);
    }

    [Fact]
    public async Task An_error_is_typed_and_gives_all_memory_back()
    {
        var file = await NewFile(4 * Block);
        Engine.OnOperation = (in request) => new OperationFault { Error = Errno.EIO };
        using var one = Pool.Rent(2 * Block);
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.WriteV(file, 0, one.Memory[..Block], one.Memory[Block..]));
        Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(failed.Cause).Errno);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        Assert.Equal(1, Pool.RentedBuffers);
    }

    [Fact]
    public async Task A_flush_waits_for_it_and_a_restart_answers_it()
    {
        var (file, other) = (await NewFile(4 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Vectors > 0 };
        using var one = Pool.Rent(2 * Block);
        var write = Replies.Tell(new Aio.WriteV(file, 0, one.Memory[..Block], one.Memory[Block..]));
        var flush = Replies.Tell(new Aio.Flush(file));
        await Fence(other);
        Assert.False(Replies.Has(flush));
        Sys.EventStream.Subscribe(TestActor, typeof(AioShardRestarted));
        var armed = 1;
        Engine.OnSubmit = _ => Interlocked.Exchange(ref armed, 0) == 1 ? throw new InvalidOperationException("a bomb") : default;
        var struck = Replies.Tell(new Aio.WriteV(file, 2 * Block, one.Memory[..Block], one.Memory[Block..]));
        await Replies.Of<Aio.CommandFailed>(struck);
        Engine.Release(); // the old incarnation drains
        await ExpectMsgAsync<AioShardRestarted>();
        await Replies.Of<Aio.WriteVCompleted>(write);
        await Replies.Of<Aio.Flushed>(flush);
        await Replies.AssertOneEach(write, flush, struck);
        Assert.Equal(1, Pool.RentedBuffers);
    }
}
