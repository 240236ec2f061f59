using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Barriers;

public sealed class FlushSpecs(ITestOutputHelper output) : FlushSpecsBase("akka.io.aio.shards = 1", output);

public sealed class StripedFlushSpecs(ITestOutputHelper output)
    : FlushSpecsBase("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

/// <summary>Flush covers every write before it and no later one, shares its fdatasync, and never forgets a failure.</summary>
public abstract class FlushSpecsBase(string hocon, ITestOutputHelper output) : AioTestKit(EngineKind.Memory, hocon, output)
{
    [Fact]
    public async Task A_flush_waits_for_every_write_before_it()
    {
        var (file, other) = (await NewFile(64 * Block), await NewFile(Block));
        Hold(IoOpcode.Write);
        var writes = Enumerable.Range(0, 8).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));
        for (var i = 0; i < 8; i++)
        {
            await Fence(other);
            Assert.False(Replies.Has(flush));
            Assert.Equal(0, Engine.DataSyncs);
            Assert.Equal(1, Engine.Release(request => request.Offset == i * Block));
            await Replies.Of<Aio.WriteCompleted>(writes[i]);
        }

        await Replies.Of<Aio.Flushed>(flush);
        Assert.Equal(1, Engine.DataSyncs);
        await Replies.AssertOneEach([.. writes, flush]);
    }

    [Fact]
    public async Task A_flush_does_not_wait_for_later_writes()
    {
        var file = await NewFile(64 * Block);
        Hold(IoOpcode.Write, from: 8 * Block);
        var before = Enumerable.Range(0, 8).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));
        var after = Enumerable.Range(8, 8).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        await Replies.Of<Aio.Flushed>(flush);
        Assert.All(before, write => Assert.True(Replies.Has(write)));
        Assert.All(after, write => Assert.False(Replies.Has(write)));
        await Eventually(() => Ext.Shards.Sum(shard => shard.Context!.Count) == after.Length, "the later ones are in flight");
        Assert.Equal(8, Engine.Release());
        await Replies.AssertOneEach([.. before, flush, .. after]);
    }

    [Fact]
    public async Task A_flush_does_not_wait_for_reads_and_holds_none_up()
    {
        var file = await NewFile(64 * Block);
        Hold(IoOpcode.Read);
        var before = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));
        var flush = Replies.Tell(new Aio.Flush(file));
        await Replies.Of<Aio.Flushed>(flush);
        Assert.False(Replies.Has(before));
        Engine.Release();
        await Replies.Of<Aio.ReadIntoCompleted>(before);
    }

    [Fact]
    public async Task Flushes_that_wait_at_the_same_time_share_one_fdatasync()
    {
        var (file, other) = (await NewFile(64 * Block), await NewFile(Block));
        Hold(IoOpcode.Write);
        var write = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        var flushes = Enumerable.Range(0, 50).Select(_ => Replies.Tell(new Aio.Flush(file))).ToArray();
        await Fence(other);
        Assert.Equal(0, Engine.DataSyncs);
        Engine.Release();
        await Replies.AssertOneEach([write, .. flushes]);
        Assert.All(flushes, flush => Assert.IsType<Aio.Flushed>(Replies.Of(flush).Result));
        Assert.Equal(1, Engine.DataSyncs);
    }

    [Fact]
    public async Task A_flush_that_comes_while_an_fdatasync_runs_gets_one_of_its_own()
    {
        var (file, other) = (await NewFile(64 * Block), await NewFile(Block));
        Hold(IoOpcode.DataSync);
        var first = Replies.Tell(new Aio.Flush(file));
        await Fence(other);
        var write = await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        var second = Replies.Tell(new Aio.Flush(file));
        await Fence(other);
        await Eventually(() => Engine.Release() == 1, "the first fdatasync is submitted");
        await Replies.Of<Aio.Flushed>(first);
        await Fence(other);
        Assert.False(Replies.Has(second)); // the fdatasync that ran may have missed the write
        await Eventually(() => Engine.Release() == 1, "the second fdatasync is submitted");
        await Replies.Of<Aio.Flushed>(second);
        Assert.Equal(2, Engine.DataSyncs);
    }

    [Fact]
    public async Task Flushes_of_different_files_do_not_wait_for_each_other()
    {
        var (slow, fast) = (await NewFile(Block), await NewFile(Block));
        Hold(IoOpcode.Write);
        var write = Replies.Tell(new Aio.Write(slow, new byte[Block], 0));
        var waits = Replies.Tell(new Aio.Flush(slow));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(fast));
        Assert.False(Replies.Has(waits));
        Engine.Release();
        await Replies.Of<Aio.Flushed>(waits);
        Assert.True(Replies.Has(write));
    }

    [Fact]
    public async Task A_flush_that_failed_once_fails_for_ever_on_this_open_and_on_no_other()
    {
        var path = NewPath();
        var file = await NewFile(Block, path: path);
        Engine.OnOperation = (in request) =>
            request.Opcode == IoOpcode.DataSync ? new OperationFault { Error = Errno.EIO } : default;
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Flush(file));
        Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(failed.Cause).Errno);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        Engine.OnOperation = null;

        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        for (var i = 0; i < 3; i++)
        {
            var error = await Replies.Fails<AioSystemException>(new Aio.Flush(file));
            Assert.Equal(Errno.EIO, error.Errno);
        }

        await Replies.Do<Aio.LengthSet>(new Aio.SetLength(file, 2 * Block));
        await Replies.Fails<AioSystemException>(new Aio.Flush(file));
        Assert.Equal(0, Engine.DataSyncs);
        await file.DisposeAsync();

        var again = await Ext.OpenAsync(path, New with { Mode = FileMode.Open });
        await Replies.Do<Aio.Flushed>(new Aio.Flush(again));
    }

    [Fact]
    public async Task All_flushes_of_a_failed_fdatasync_fail_and_those_behind_it()
    {
        var (file, other) = (await NewFile(Block), await NewFile(Block));
        Engine.OnOperation = (in request) => request.Opcode == IoOpcode.DataSync
            ? new OperationFault { Error = Errno.ENOSPC, Hold = true }
            : default;
        var first = Enumerable.Range(0, 5).Select(_ => Replies.Tell(new Aio.Flush(file))).ToArray();
        await Fence(other);
        var second = Enumerable.Range(0, 5).Select(_ => Replies.Tell(new Aio.Flush(file))).ToArray();
        await Fence(other);
        await Eventually(() => Engine.Release() == 1, "the fdatasync is in flight, and released");
        await Replies.AssertOneEach([.. first, .. second]);
        Assert.All(Replies.InOrder, reply =>
            Assert.Equal(Errno.ENOSPC, ((AioSystemException)((Aio.CommandFailed)reply).Cause).Errno));
    }

    [Theory]
    [InlineData(true, Errno.EINVAL)]
    [InlineData(false, Errno.EINVAL)] // io-uring
    [InlineData(false, Errno.EOPNOTSUPP)]
    public async Task Where_no_fdatasync_can_be_submitted_it_is_made_on_a_blocking_thread(bool atSubmit, Errno errno)
    {
        var file = await NewFile(Block);
        var calls = 0;
        Engine.OnFileCall = (call, _) =>
        {
            calls += call == "fdatasync" ? 1 : 0;
            return Errno.None;
        };
        Engine.OnSubmit = requests =>
            atSubmit && requests[0].Opcode == IoOpcode.DataSync ? new SubmitFault { Error = errno } : default;
        Engine.OnOperation = (in request) =>
            request.Opcode == IoOpcode.DataSync ? new OperationFault { Error = errno } : default;
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        Assert.Equal(2, calls);
        Engine.OnFileCall = (call, _) => call == "fdatasync" ? Errno.EIO : Errno.None;
        await Replies.Fails<AioSystemException>(new Aio.Flush(file));
        Engine.OnFileCall = null;
        await Replies.Fails<AioSystemException>(new Aio.Flush(file));
    }

    [Fact]
    public async Task A_failed_write_does_not_fail_the_flush_behind_it()
    {
        var file = await NewFile(Block);
        Engine.OnOperation = (in request) =>
            request.Opcode == IoOpcode.Write ? new OperationFault { Error = Errno.EIO } : default;
        var write = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        var flush = Replies.Tell(new Aio.Flush(file));
        await Replies.Of<Aio.CommandFailed>(write);
        await Replies.Of<Aio.Flushed>(flush);
        Assert.Equal([write, flush], Replies.InOrder.Select(reply => reply.Command));
    }

    [Theory]
    [InlineData(DirectIo.Required, false, Errno.EIO)]
    [InlineData(DirectIo.Required, true, Errno.ENOSPC)]
    [InlineData(DirectIo.Off, false, Errno.ENOSPC)]
    [InlineData(DirectIo.Off, true, Errno.EIO)]
    public async Task A_write_with_Dsync_that_failed_fails_every_later_flush(DirectIo direct, bool vectored, Errno errno)
    {
        var file = await NewFile(2 * Block, direct);
        Engine.OnOperation = (in request) => new OperationFault { Error = request.Opcode == IoOpcode.Write ? errno : Errno.None };
        Engine.OnFileCall = (call, _) => call == "write" ? errno : Errno.None;
        await Replies.Fails<AioSystemException>(vectored
            ? new Aio.WriteV(file, [new byte[Block], new byte[Block]], 0) { Durability = AioDurability.Dsync }
            : new Aio.Write(file, new byte[Block], 0) { Durability = AioDurability.Dsync });
        Engine.OnOperation = null;
        Engine.OnFileCall = null;

        // The kernel reports the loss of earlier writes once, and that write may have had the report.
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0) { Durability = AioDurability.Dsync });
        Assert.Equal(errno, (await Replies.Fails<AioSystemException>(new Aio.Flush(file))).Errno);
        Assert.Equal(errno, (await Replies.Fails<AioSystemException>(new Aio.Flush(file))).Errno);
    }

    private void Hold(IoOpcode opcode, long from = 0) => Engine.OnOperation = (in request) =>
        new OperationFault { Hold = request.Opcode == opcode && request.Offset >= from };
}
