using Akka.Actor;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Memory;

/// <summary>Memory outlives the kernel's use of it, and comes back whatever becomes of the reply.</summary>
public sealed class BufferLifetimeSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task An_early_Dispose_of_a_write_s_buffer_only_delays_its_return(int start)
    {
        var (file, other) = (await NewFile(4 * Block), await NewFile(Block));
        Hold(IoOpcode.Write);
        var buffer = Pool.Rent(2 * Block);
        Pattern(Block).CopyTo(buffer.GetSpan()[start..]);
        var write = Replies.Tell(new Aio.Write(file, buffer.Memory.Slice(start, Block), 0));
        await Fence(other);
        buffer.Dispose();
        Assert.Equal(1, Pool.RentedBuffers); // the buffer itself, or the aligned copy of it

        // Whoever takes memory now must not get the kernel's.
        var strangers = Enumerable.Range(0, 50).Select(_ => Pool.Rent(2 * Block)).ToArray();
        foreach (var stranger in strangers)
        {
            stranger.GetSpan().Fill(0xAA);
        }

        Engine.Release();
        await Replies.Of<Aio.WriteCompleted>(write);
        Assert.Equal(Pattern(Block), OnDisk(file.Path)[..Block]);
        foreach (var stranger in strangers)
        {
            stranger.Dispose();
        }

        Assert.Equal(0, Pool.RentedBuffers);
    }

    [Fact]
    public async Task An_early_Dispose_of_a_ReadInto_s_buffer_only_delays_its_return()
    {
        var file = await FileOf(Pattern(4 * Block));
        var other = await NewFile(Block);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        var buffer = Pool.Rent(2 * Block);
        var read = Replies.Tell(new Aio.ReadInto(file, buffer, 0));
        await Fence(other);
        buffer.Dispose();
        Assert.Equal(1, Pool.RentedBuffers);
        using (var stranger = Pool.Rent(2 * Block))
        {
            stranger.GetSpan().Fill(0xAA);
            Engine.Release();
            Assert.Equal(2 * Block, (await Replies.Of<Aio.ReadIntoCompleted>(read)).Count);
            Assert.All(stranger.GetSpan().ToArray(), value => Assert.Equal(0xAA, value));
        }

        Assert.Equal(0, Pool.RentedBuffers);
    }

    [Theory]
    [InlineData("unaligned offset")]
    [InlineData("unaligned address")]
    [InlineData("vectored, unaligned offset")]
    [InlineData("vectored, unaligned address")]
    [InlineData("vectored, with an array")]
    public async Task A_read_that_is_copied_holds_its_destination_until_the_copy_is_done(string kind)
    {
        var file = await FileOf(Pattern(8 * Block));
        var other = await NewFile(Block);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length > Block };
        var buffer = Pool.Rent(4 * Block);
        var (aligned, shifted) = (buffer.Memory[..(2 * Block)], buffer.Memory.Slice(1, 2 * Block));
        Aio.TransferCommand read = kind switch
        {
            "unaligned offset" => new Aio.ReadInto(file, aligned, 1),
            "unaligned address" => new Aio.ReadInto(file, shifted, 0),
            "vectored, unaligned offset" => new Aio.ReadV(file, [aligned], 1),
            "vectored, unaligned address" => new Aio.ReadV(file, [aligned, shifted], 0),
            _ => new Aio.ReadV(file, [aligned, new byte[Block]], 0),
        };
        Replies.Tell(read);
        await Fence(other);
        buffer.Dispose();
        Assert.Equal(2, Pool.RentedBuffers); // the user's, and the pool's that the kernel uses
        Engine.Release();
        Assert.IsType<AioBufferDisposedException>((await Replies.Of<Aio.CommandFailed>(read)).Cause);
        await Eventually(() => Pool.RentedBuffers == 0, "both are back");
    }

    [Fact]
    public async Task A_buffer_that_is_disposed_before_the_shard_takes_it_up_fails_typed()
    {
        var (file, other) = (await NewFile(4 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 3 * Block };
        var first = Replies.Tell(new Aio.ReadInto(file, new byte[3 * Block], 0));
        var barrier = Replies.Tell(new Aio.SetLength(file, 4 * Block));
        var (data, into) = (Pool.Rent(Block), Pool.Rent(Block));
        var write = Replies.Tell(new Aio.Write(file, data, 0));
        var read = Replies.Tell(new Aio.ReadInto(file, into, 0));
        var unaligned = Replies.Tell(new Aio.ReadInto(file, into.Memory[1..], 1));
        await Fence(other);
        data.Dispose();
        into.Dispose();
        Engine.Release();
        foreach (var command in new Aio.Command[] { write, read, unaligned })
        {
            var failed = await Replies.Of<Aio.CommandFailed>(command);
            Assert.IsType<AioBufferDisposedException>(failed.Cause);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        }

        await Replies.AssertOneEach(first, barrier, write, read, unaligned);
        Assert.Equal(new byte[Block], OnDisk(file.Path)[..Block]);
        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        Assert.Equal(0, Pool.RentedBuffers);
    }

    [Fact]
    public async Task A_destination_that_is_disposed_while_a_copying_read_runs_fails_typed_and_hurts_nobody()
    {
        var file = await FileOf(Pattern(4 * Block));
        var other = await NewFile(Block);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length > Block };
        var into = Pool.Rent(Block);
        var read = Replies.Tell(new Aio.ReadInto(file, into, 1));
        await Fence(other);
        into.Dispose();
        using var stranger = Pool.Rent(Block);
        stranger.GetSpan().Fill(0xAA);
        Engine.Release();
        await Replies.Of<Aio.CommandFailed>(read);
        Assert.All(stranger.GetSpan().ToArray(), value => Assert.Equal(0xAA, value));
        Assert.Equal(1, Pool.RentedBuffers);
    }

    [Fact]
    public async Task A_MemoryManager_that_throws_fails_its_command_alone()
    {
        var file = await NewFile(4 * Block);
        using var hostile = new Hostile();
        var write = Replies.Tell(new Aio.Write(file, hostile.Memory, 0));
        var read = Replies.Tell(new Aio.ReadInto(file, hostile.Memory, 0));
        hostile.Throws = true;
        await Replies.Fails<AioBufferDisposedException>(new Aio.Write(file, hostile.Known, 0));
        await Replies.Fails<AioBufferDisposedException>(new Aio.ReadInto(file, hostile.Known, 0));
        await Task.WhenAll(Replies.Of(write), Replies.Of(read));
        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        Assert.Equal(0, Pool.RentedBuffers);
    }

    [Fact]
    public async Task A_read_s_reply_to_a_dead_actor_gives_its_buffer_back()
    {
        var (file, other) = (await NewFile(4 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        var probe = CreateTestProbe();
        for (var i = 0; i < 10; i++)
        {
            Disk.Tell(new Aio.RentRead(file, 0, 2 * Block), probe.Ref);
        }

        await Fence(other);
        Assert.Equal(10, Pool.RentedBuffers);
        var watcher = CreateTestProbe();
        await watcher.WatchAsync(probe.Ref);
        Sys.Stop(probe.Ref);
        await watcher.ExpectTerminatedAsync(probe.Ref);
        Engine.Release();
        await Eventually(() => Pool.RentedBuffers == 0, "the buffers of lost replies are back");
    }

    [Fact]
    public async Task A_read_s_reply_that_an_actor_does_not_handle_gives_its_buffer_back()
    {
        var file = await NewFile(4 * Block);
        var deaf = Sys.ActorOf(Props.Create(() => new Deaf()));
        for (var i = 0; i < 10; i++)
        {
            Disk.Tell(new Aio.RentRead(file, 0, Block), deaf);
        }

        await Fence(file);
        await Eventually(() => Pool.RentedBuffers == 0, "the buffers of unhandled replies are back");
    }

    [Fact]
    public async Task A_read_s_reply_to_an_Ask_that_timed_out_gives_its_buffer_back()
    {
        var (file, other) = (await NewFile(4 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        await Assert.ThrowsAsync<AskTimeoutException>(() =>
            Disk.Ask<Aio.RentReadCompleted>(new Aio.RentRead(file, 0, 2 * Block), TimeSpan.FromMilliseconds(100)));
        await Fence(other);
        Engine.Release();
        await Fence(other);
        await Eventually(() => Pool.RentedBuffers == 0, "the buffer of the late reply is back");
    }

    // Akka drops the reply to an Ask whose token was cancelled without a dead letter: only the finalizer finds that buffer.
    [Fact]
    public async Task A_read_s_reply_to_an_Ask_that_was_cancelled_is_returned_by_the_finalizer_and_reported()
    {
        var reported = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (file, other) = (await NewFile(4 * Block), await NewFile(Block));
        Pool.Leaked = (_, origin) => reported.TrySetResult(origin);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        using var cancellation = new CancellationTokenSource();
        var ask = Disk.Ask<Aio.RentReadCompleted>(new Aio.RentRead(file, 0, 2 * Block) { Token = "lost" }, cancellation.Token);
        await Fence(other);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ask);
        Engine.Release();
        await Fence(other);
        await Eventually(Collected, "the finalizer has returned the buffer");
        Assert.Equal("lost", Assert.IsType<Aio.RentRead>(await reported.Task).Token);

        bool Collected()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Pool.RentedBuffers == 0;
        }
    }

    [Fact]
    public async Task Every_kind_of_failure_gives_its_memory_back()
    {
        var file = await NewFile(64 * Block);
        Errno[] errors = [Errno.EIO, Errno.ENOSPC, Errno.EINVAL, Errno.EFAULT];
        foreach (var error in errors)
        {
            Engine.OnOperation = (in _) => new OperationFault { Error = error };
            using var buffer = Pool.Rent(Block);
            Aio.TransferCommand[] commands =
            [
                new Aio.RentRead(file, 3, 10), new Aio.ReadInto(file, buffer, 0), new Aio.ReadInto(file, new byte[10], 0),
                new Aio.Write(file, buffer, 0), new Aio.Write(file, new byte[Block], 0), new Aio.Write(file, new byte[Block], 1),
            ];
            foreach (var command in commands)
            {
                Assert.Equal(AioOutcome.NotPerformed == (await Replies.Do<Aio.CommandFailed>(command)).Outcome,
                    command is not Aio.Write || command.Offset == 1);
            }

            await Eventually(() => Pool.RentedBuffers == 1, "only ours is out");
        }
    }

    private void Hold(IoOpcode opcode) =>
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Opcode == opcode };

    private sealed class Deaf : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }

    /// <summary>Memory whose owner throws whenever it is looked at.</summary>
    private sealed class Hostile : System.Buffers.MemoryManager<byte>
    {
        private readonly byte[] _bytes = new byte[Block];

        public bool Throws { get; set; }

        public Memory<byte> Known => CreateMemory(Block);

        public override Span<byte> GetSpan() => Throws ? throw new InvalidOperationException("no") : _bytes;

        public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => throw new InvalidOperationException("no");

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
