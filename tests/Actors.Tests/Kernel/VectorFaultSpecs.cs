using System.Collections.Concurrent;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

/// <summary>What can befall a vectored operation in the kernel: its memory is held until the end, and its one reply is true.</summary>
public sealed class VectorFaultSpecs : AioTestKit
{
    private readonly ConcurrentQueue<IoRequest> _requests = new();

    public VectorFaultSpecs(ITestOutputHelper output)
        : base(EngineKind.Memory, "", output) => Script(_ => default);

    private IEnumerable<(long Offset, int Length, int Vectors)> Requests =>
        _requests.Select(request => (request.Offset, request.Length, (int)request.Vectors));

    [Fact]
    public async Task A_short_write_is_continued_in_the_middle_of_a_buffer()
    {
        var file = await NewFile(16 * Block);
        using var memories = new Memories(Pool, MemoryKind.Aligned, [1024, 2048, 512, 512]);
        memories.Fill(Pattern(4096));
        var calls = 0;
        Script(_ => new OperationFault { ShortTo = ++calls switch { 1 => 1536, 2 => 700, 3 => 1024, _ => null } });
        await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, memories.ReadOnly, Block));
        Assert.Equal(Pattern(4096), OnDisk(file.Path)[Block..(2 * Block)]);
        Assert.Equal(
            [(Block, 4096, 4), (Block + 1536, 2560, 3), (Block + 2048, 2048, 3), (Block + 3072, 1024, 2)], Requests);
    }

    [Fact]
    public async Task A_short_write_that_stops_inside_a_sector_goes_on_at_its_start()
    {
        var file = await NewFile(16 * Block);
        using var memories = new Memories(Pool, MemoryKind.Aligned, [512, 512, 512]);
        memories.Fill(Pattern(1536));
        var calls = 0;
        Script(_ => new OperationFault { ShortTo = ++calls == 1 ? 1023 : null });
        await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, memories.ReadOnly, 0));
        Assert.Equal(Pattern(1536), OnDisk(file.Path)[..1536]);
        Assert.Equal([(0, 1536, 3), (512, 1024, 2)], Requests);
    }

    [Fact]
    public async Task A_write_that_is_cut_short_for_ever_fails_with_what_was_written()
    {
        var file = await NewFile(64 * Block);
        using var memories = new Memories(Pool, MemoryKind.Aligned, [.. Enumerable.Repeat(1024, 64)]);
        Script(_ => new OperationFault { ShortTo = 512 });
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.WriteV(file, memories.ReadOnly, 0));
        Assert.Equal(_requests.Count * 512, Assert.IsType<AioShortWriteException>(failed.Cause).Written);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        await Eventually(() => Pool.RentedBuffers == 1, "only ours is out");
    }

    [Theory]
    [InlineData(1024, 3072)] // short in the middle: it goes on
    [InlineData(1500, 1500)] // not aligned: only the file's end gives that
    [InlineData(0, 0)]
    public async Task A_short_read_goes_on_until_there_is_no_more(int each, int count)
    {
        var content = Pattern(4 * Block);
        var file = await FileOf(content);
        Script(_ => new OperationFault { ShortTo = each });
        foreach (var memory in Enum.GetValues<MemoryKind>())
        {
            using var memories = new Memories(Pool, memory, [1024, 1024, 1024]);
            var read = await Replies.Do<Aio.ReadVCompleted>(new Aio.ReadV(file, memories.All, Block));
            Assert.Equal(count, read.Count);
            Assert.Equal(content.AsSpan(Block, count), memories.Content().AsSpan(0, count));
            memories.AssertGapsAreUntouched();
        }
    }

    [Fact]
    public async Task More_than_IOV_MAX_buffers_go_in_operations_of_IOV_MAX_one_after_the_other()
    {
        const int Count = (2 * IoVec.MaxCount) + 7;
        var file = await NewFile(Count * 512);
        using var memories = new Memories(Pool, MemoryKind.Aligned, [.. Enumerable.Repeat(512, Count)]);
        memories.Fill(Pattern(Count * 512));
        await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, memories.ReadOnly, 0));
        Assert.Equal([(0, 1024 * 512, 1024), (1024 * 512, 1024 * 512, 1024), (2048 * 512, 7 * 512, 7)], Requests);
        Assert.True(OnDisk(file.Path).AsSpan().SequenceEqual(Pattern(Count * 512)));

        // A short one among them, and an error in the last.
        var calls = 0;
        Script(_ => ++calls switch { 2 => new() { ShortTo = 700 }, 4 => new() { Error = Errno.ENOSPC }, _ => default });
        var error = await Replies.Fails<AioShortWriteException>(new Aio.WriteV(file, memories.ReadOnly, 0));
        Assert.Equal((1024 + 1 + 1024) * 512, error.Written);
        Assert.Equal(
            [(0, 1024 * 512, 1024), (1024 * 512, 1024 * 512, 1024), (1025 * 512, 1024 * 512, 1024), (2049 * 512, 6 * 512, 6)], Requests);
        await Eventually(() => Pool.RentedBuffers == 1, "only ours is out");
    }

    [Theory]
    [InlineData(MemoryKind.Aligned)]
    [InlineData(MemoryKind.Misaligned)]
    [InlineData(MemoryKind.Mixed)]
    public async Task An_early_Dispose_only_delays_the_return(MemoryKind kind)
    {
        var (file, other) = (await NewFile(4 * Block), await NewFile(Block));
        Script(request => new OperationFault { Hold = request.Opcode == IoOpcode.Write });
        var memories = new Memories(Pool, kind, [Block, 2 * Block]);
        memories.Fill(Pattern(3 * Block));
        var write = Replies.Tell(new Aio.WriteV(file, memories.ReadOnly, 0));
        await Fence(other);
        memories.Dispose();
        Assert.Equal(kind == MemoryKind.Aligned ? 2 : 1, Pool.RentedBuffers); // with the iovecs; or the copy alone

        // Whoever takes memory now must get neither the kernel's nor its iovecs.
        var strangers = new[] { 100, 4 * Block }.SelectMany(length => Enumerable.Range(0, 50).Select(_ => Pool.Rent(length))).ToArray();
        Array.ForEach(strangers, stranger => stranger.GetSpan().Fill(0xAA));
        Engine.Release();
        await Replies.Of<Aio.WriteVCompleted>(write);
        Assert.Equal(Pattern(3 * Block), OnDisk(file.Path)[..(3 * Block)]);
        Array.ForEach(strangers, stranger => stranger.Dispose());
        Assert.Equal(0, Pool.RentedBuffers);
    }

    [Fact]
    public async Task One_buffer_among_others_that_was_disposed_before_the_shard_takes_it_up_fails_the_command_typed()
    {
        var (file, other) = (await NewFile(4 * Block), await NewFile(Block));
        Script(request => new OperationFault { Hold = request.Length == 3 * Block });
        var first = Replies.Tell(new Aio.ReadInto(file, new byte[3 * Block], 0));
        var barrier = Replies.Tell(new Aio.SetLength(file, 4 * Block));
        using var good = Pool.Rent(Block);
        var bad = Pool.Rent(Block);
        Aio.TransferCommand[] commands =
        [
            Replies.Tell(new Aio.WriteV(file, [good.Memory, bad.Memory], 0)),
            Replies.Tell(new Aio.WriteV(file, [new byte[Block], bad.Memory], 0)),
            Replies.Tell(new Aio.ReadV(file, [good.Memory, bad.Memory], 0)),
            Replies.Tell(new Aio.ReadV(file, [good.Memory, new byte[Block], bad.Memory], 1)),
        ];
        await Fence(other);
        bad.Dispose();
        Engine.Release();
        foreach (var command in commands)
        {
            var failed = await Replies.Of<Aio.CommandFailed>(command);
            Assert.IsType<AioBufferDisposedException>(failed.Cause);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        }

        await Replies.AssertOneEach([first, barrier, .. commands]);
        Assert.Equal(1, Pool.RentedBuffers);
    }

    [Fact]
    public async Task Every_kind_of_failure_gives_its_memory_back()
    {
        var file = await NewFile(64 * Block);
        foreach (var error in new[] { Errno.EIO, Errno.ENOSPC, Errno.EFAULT })
        {
            Script(_ => new OperationFault { Error = error });
            foreach (var memory in Enum.GetValues<MemoryKind>())
            {
                using var memories = new Memories(Pool, memory, [Block, Block]);
                var write = await Replies.Do<Aio.CommandFailed>(new Aio.WriteV(file, memories.ReadOnly, 0));
                Assert.Equal(error, Assert.IsType<AioSystemException>(write.Cause).Errno);
                Assert.Equal(AioOutcome.MayHaveHappened, write.Outcome);
                var read = await Replies.Do<Aio.CommandFailed>(new Aio.ReadV(file, memories.All, 0));
                Assert.Equal(AioOutcome.NotPerformed, read.Outcome);
                await Eventually(() => Pool.RentedBuffers == 1, "only ours is out");
            }
        }

        var stats = await Stats();
        Assert.Equal(3 * 4 * 2, stats.Shards[0].Errors);
    }

    [Fact]
    public async Task A_refusal_at_submit_gives_its_memory_back_and_flow_control_loses_nothing()
    {
        var file = await NewFile(64 * Block);
        using var memories = new Memories(Pool, MemoryKind.Aligned, [Block, Block]);
        memories.Fill(Pattern(2 * Block));
        var calls = 0;
        Engine.OnSubmit = _ => ++calls == 1 ? new SubmitFault { Error = Errno.EINVAL } : default;
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.WriteV(file, memories.ReadOnly, 0));
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        await Eventually(() => Pool.RentedBuffers == 1, "only ours is out");

        calls = 0;
        Engine.OnSubmit = _ => ++calls <= 3 ? new SubmitFault { Error = Errno.EAGAIN } : default;
        await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, memories.ReadOnly, 0));
        Assert.Equal(Pattern(2 * Block), OnDisk(file.Path)[..(2 * Block)]);
    }

    [Theory]
    [InlineData(MemoryKind.Aligned)]
    [InlineData(MemoryKind.Managed)]
    public async Task A_cancelled_one_goes_on_unseen_and_keeps_its_memory_until_it_is_reaped(MemoryKind kind)
    {
        var (file, other) = (await FileOf(Pattern(4 * Block)), await NewFile(Block));
        Script(request => new OperationFault { Hold = request.Length == 2 * Block });
        var (source, target) = (new Memories(Pool, kind, [Block, Block]), new Memories(Pool, kind, [Block, Block]));
        source.Fill(Pattern(2 * Block, 2));
        var before = target.Content();
        var write = Replies.Tell(new Aio.WriteV(file, source.ReadOnly, 2 * Block));
        var read = Replies.Tell(new Aio.ReadV(file, target.All, 0));
        await Fence(other);
        foreach (var (command, outcome) in new (Aio.TransferCommand, AioOutcome)[]
                 {
                     (write, AioOutcome.MayHaveHappened), (read, AioOutcome.NotPerformed),
                 })
        {
            Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(command))).Found);
            var failed = await Replies.Of<Aio.CommandFailed>(command);
            Assert.IsType<AioCanceledException>(failed.Cause);
            Assert.Equal(outcome, failed.Outcome);
        }

        source.Dispose();
        Assert.NotEqual(0, Pool.RentedBuffers);
        Engine.Release();
        await Fence(other);
        Assert.Equal([.. Pattern(4 * Block)[..(2 * Block)], .. Pattern(2 * Block, 2)], OnDisk(file.Path));
        if (kind == MemoryKind.Managed)
        {
            Assert.Equal(before, target.Content()); // its owner's again
        }

        target.Dispose();
        await Eventually(() => Pool.RentedBuffers == 0, "all memory is back");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_restart_with_vectors_in_flight_answers_each_once_and_all_memory_comes_back(bool reaper)
    {
        Sys.EventStream.Subscribe(TestActor, typeof(AioShardRestarted));
        var (file, other) = (await NewFile(256 * Block), await NewFile(Block));
        Script(request => new OperationFault { Delay = (int)(request.Offset / Block % 5) });
        var bombs = 0;
        void Explode() => _ = Interlocked.Exchange(ref bombs, 0) == 0 ? 0 : throw new InvalidOperationException("bomb");
        if (reaper)
        {
            Engine.OnReap = Explode;
        }
        else
        {
            Engine.OnSubmit = _ =>
            {
                Explode();
                return default;
            };
        }

        var all = new List<Memories>();
        var commands = new List<Aio.Command>();
        for (var i = 0; i < 120; i++)
        {
            var (source, target) = (
                new Memories(Pool, (MemoryKind)(i % 4), [512, Block - 512]), new Memories(Pool, (MemoryKind)(i % 4), [Block]));
            all.AddRange([source, target]);
            source.Fill(Pattern(Block, i));
            commands.Add(Replies.Tell(new Aio.WriteV(file, source.ReadOnly, i * Block)));
            commands.Add(Replies.Tell(new Aio.ReadV(file, target.All, i * Block)));
            if (i == 60)
            {
                Volatile.Write(ref bombs, 1);
            }
        }

        commands.Add(Replies.Tell(new Aio.Flush(file)));
        await ExpectMsgAsync<AioShardRestarted>();
        await Replies.AssertOneEach(commands);
        foreach (var write in commands.OfType<Aio.WriteV>())
        {
            var written = OnDisk(file.Path).AsMemory((int)write.Offset, Block);
            var reply = await Replies.Of(write);
            if (reply is Aio.WriteVCompleted)
            {
                Assert.True(written.Span.SequenceEqual(Pattern(Block, (int)(write.Offset / Block))));
            }
            else
            {
                var failed = Assert.IsType<Aio.CommandFailed>(reply);
                Assert.IsType<AioAbortedException>(failed.Cause);
                Assert.True(failed.Outcome != AioOutcome.NotPerformed || written.Span.SequenceEqual(new byte[Block]));
            }
        }

        all.ForEach(memories => memories.Dispose());
        await Eventually(() => Pool.RentedBuffers == 0, "all memory is back");
        await Fence(other);
        await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, [new byte[Block]], 0));
    }

    [Fact]
    public async Task The_pool_s_budget_bounds_the_copies()
    {
        var file = await NewFile(Block);
        var half = (int)(Pool.BudgetBytes / 2);
        using var taken = Pool.Rent(half);
        var large = new byte[half / 2 + Block];
        await Replies.Fails<AioBufferBudgetException>(new Aio.ReadV(file, [large, large], 0));
        await Replies.Fails<AioBufferBudgetException>(
            new Aio.WriteV(file, [large.AsMemory(0, half / 2), large.AsMemory(0, half / 2 + Block)], 0));
        Assert.Equal(1, Pool.RentedBuffers);
    }

    [Fact]
    public async Task A_MemoryManager_that_throws_fails_its_command_alone()
    {
        var file = await NewFile(4 * Block);
        using var hostile = new Hostile();
        using var good = Pool.Rent(Block);
        await Replies.Fails<AioBufferDisposedException>(new Aio.WriteV(file, [good.Memory, hostile.Known], 0));
        await Replies.Fails<AioBufferDisposedException>(new Aio.ReadV(file, [good.Memory, hostile.Known], 0));
        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        Assert.Equal(1, Pool.RentedBuffers);
    }

    private void Script(Func<IoRequest, OperationFault> script)
    {
        _requests.Clear();
        Engine.OnOperation = (in request) =>
        {
            _requests.Enqueue(request);
            return script(request);
        };
    }

    /// <summary>Memory whose owner throws whenever it is looked at.</summary>
    private sealed class Hostile : System.Buffers.MemoryManager<byte>
    {
        public Memory<byte> Known => CreateMemory(Block);

        public override Span<byte> GetSpan() => throw new InvalidOperationException("no");

        public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => throw new InvalidOperationException("no");

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
