using System.Collections.Concurrent;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.Memory;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

/// <summary>After a submit that blocked, operations that would block again come back with EAGAIN, and are done all the same.</summary>
public sealed class NoWaitSpecs : AioTestKit
{
    private readonly ConcurrentQueue<IoRequest> _requests = new();
    private readonly ConcurrentQueue<string> _calls = new();
    private Func<IoRequest, OperationFault> _flagged = _ => default;
    private ManualResetEventSlim? _blockedThread;
    private bool _slow;

    public NoWaitSpecs(ITestOutputHelper output)
        : base(EngineKind.Memory, "akka.io.aio.depth = 16", output, new MemoryEngine { TakesNoWait = true })
    {
        Engine.OnSubmit = _ =>
        {
            if (Volatile.Read(ref _slow))
            {
                Thread.Sleep(2 * Ext.Settings.SlowSubmit); // the fault itself: a submit that blocks
            }

            return default;
        };
        Engine.OnOperation = (in request) =>
        {
            _requests.Enqueue(request);
            return IsFlagged(request) ? _flagged(request) : default;
        };
        Engine.OnFileCall = (call, _) =>
        {
            _calls.Enqueue(call);
            if (call is "read" or "write")
            {
                _blockedThread?.Wait(Patience.Long);
            }

            return Errno.None;
        };
    }

    [Fact]
    public async Task Refused_operations_are_done_on_a_blocking_thread_and_answered_once()
    {
        var content = Pattern(64 * Block);
        var file = await SlowFile(content);
        var writes = 0;
        _flagged = request => Interlocked.Increment(ref writes) % 8 == 0 ? new() { Error = Errno.EAGAIN } : default;
        var commands = new List<Aio.Command>();
        for (var i = 0; i < 64; i++)
        {
            commands.Add(Replies.Tell(new Aio.Read(file, (i * Block) + 5, 100)));
            commands.Add(Replies.Tell(new Aio.Write(file, (64 + i) * Block, Pattern(Block, i))));
        }

        commands.Add(Replies.Tell(new Aio.Flush(file)));
        await Replies.AssertOneEach(commands);

        foreach (var read in Replies.InOrder.OfType<Aio.ReadCompleted>())
        {
            Assert.Equal(content.AsSpan((int)read.Command.Offset, 100), read.Buffer.GetSpan());
            read.Buffer.Dispose();
        }

        Assert.All(Enumerable.Range(0, 64), i => Assert.Equal(Pattern(Block, i), OnDisk(file.Path)[((64 + i) * Block)..][..Block]));
        Assert.Equal(16, _calls.Count(call => call is "read" or "write"));
        var stats = (await Stats()).Shards[0];
        Assert.Equal((128, 16, 0), (stats.NoWaitFlagged, stats.NoWaitFellBack, stats.Errors));
    }

    [Fact]
    public async Task A_short_read_of_a_flagged_operation_is_no_end_of_file()
    {
        var content = Pattern(4 * Block);
        var file = await SlowFile(content);
        _flagged = _ => new() { ShortTo = Block };

        using var whole = await file.ReadAsync(0, 4 * Block);
        Assert.Equal(content.AsSpan(), whole.GetSpan());
        using var end = await file.ReadAsync(3 * Block, 4 * Block);
        Assert.Equal(content.AsSpan(3 * Block), end.GetSpan());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_system_without_the_flag_is_asked_once(bool atSubmit)
    {
        var file = await SlowFile(Pattern(4 * Block));
        if (atSubmit)
        {
            Engine.OnSubmit = requests => IsFlagged(requests[0]) ? new() { Error = Errno.EOPNOTSUPP } : default;
        }

        _flagged = _ => new() { Error = Errno.EOPNOTSUPP };
        for (var i = 0; i < 4; i++)
        {
            using var read = await file.ReadAsync(i * Block, Block);
            Assert.Equal(Pattern(4 * Block).AsSpan(i * Block, Block), read.GetSpan());
        }

        Assert.Equal(atSubmit ? 0 : 1, _requests.Count(request => IsFlagged(request)));
        Assert.Equal(1, (await Stats()).Shards[0].NoWaitFlagged);
    }

    [Fact]
    public async Task Where_most_fall_back_flagging_ends()
    {
        var file = await SlowFile(Pattern(4 * Block));
        _flagged = _ => new() { Error = Errno.EAGAIN };
        for (var i = 0; i < 100; i++)
        {
            using var read = await file.ReadAsync(0, Block);
        }

        var stats = (await Stats()).Shards[0];
        Assert.Equal((65, 65), (stats.NoWaitFlagged, stats.NoWaitFellBack));
    }

    [Fact]
    public async Task EAGAIN_of_an_operation_without_the_flag_is_an_error()
    {
        var file = await FileOf(Pattern(Block));
        Engine.OnOperation = (in _) => new() { Error = Errno.EAGAIN };

        Assert.Equal(Errno.EAGAIN, (await Replies.Fails<AioSystemException>(new Aio.Read(file, 0, Block))).Errno);
    }

    [Fact]
    public async Task A_cancel_meanwhile_answers_and_the_blocking_thread_does_not_again()
    {
        var file = await SlowFile(Pattern(4 * Block));
        var read = await Stuck(file);

        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(read))).Found);
        Assert.IsType<AioCanceledException>((await Replies.Of<Aio.CommandFailed>(read)).Cause);
        _blockedThread!.Set();

        await Eventually(() => Pool.RentedBuffers == 0, "the buffer is back");
        await Fence(file);
        await Replies.AssertOneEach(Replies.InOrder.Select(reply => reply.RepliesTo).ToArray());
    }

    [Fact]
    public async Task A_close_meanwhile_waits_for_it()
    {
        var content = Pattern(4 * Block);
        var file = await SlowFile(content);
        var read = await Stuck(file);
        var close = Replies.Tell(new Aio.Close(file));
        Assert.False(Replies.Has(close));
        _blockedThread!.Set();

        await Replies.AssertOneEach(read, close);
        Assert.Same(close, Replies.InOrder[^1].RepliesTo);
        using var buffer = (await Replies.Of<Aio.ReadCompleted>(read)).Buffer;
        Assert.Equal(content.AsSpan(0, Block), buffer.GetSpan());
    }

    [Fact]
    public async Task A_restart_meanwhile_leaves_it_one_reply_and_its_memory()
    {
        var file = await SlowFile(Pattern(4 * Block));
        var read = await Stuck(file);
        Sys.EventStream.Subscribe(TestActor, typeof(AioShardRestarted));
        var bombs = 1;
        Engine.OnSubmit = _ => Interlocked.Exchange(ref bombs, 0) == 1 ? throw new InvalidOperationException("bomb") : default;
        var other = Replies.Tell(new Aio.Write(file, 0, new byte[Block]));
        await ExpectMsgAsync<AioShardRestarted>();
        _blockedThread!.Set();

        await Replies.AssertOneEach(read, other);
        if (await Replies.Of(read) is Aio.ReadCompleted completed)
        {
            Assert.Equal(Pattern(4 * Block).AsSpan(0, Block), completed.Buffer.GetSpan());
            completed.Buffer.Dispose();
        }
    }

    [Fact]
    public async Task Refused_vectors_are_done_on_a_blocking_thread_too()
    {
        const int Count = 1500; // more than one operation takes
        var content = Pattern(Count * 512);
        var file = await SlowFile(content);
        _flagged = _ => new() { Error = Errno.EAGAIN };
        using var target = new Memories(Pool, MemoryKind.Aligned, [.. Enumerable.Repeat(512, Count)]);
        var read = await Replies.Do<Aio.ReadVCompleted>(new Aio.ReadV(file, 0, target.All));
        Assert.Equal(content.Length, read.Count);
        Assert.True(target.Content().AsSpan().SequenceEqual(content));
        target.Fill(Pattern(Count * 512, 2));
        await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, 0, target.ReadOnly));
        Assert.True(ContentOf(file).AsSpan().SequenceEqual(Pattern(Count * 512, 2)));
        Assert.Contains("read", _calls);
        Assert.Contains("write", _calls);
        Assert.Equal(2, (await Stats()).Shards[0].NoWaitFellBack);
    }

    // A file on whose device both reads and writes have had a slow submit.
    private async Task<AioFile> SlowFile(byte[] content)
    {
        var file = await FileOf(content);
        Volatile.Write(ref _slow, true);
        using (await file.ReadAsync(0, 1))
        {
        }

        await file.WriteAsync(0, content.AsMemory(0, Block)); // not flagged: of another kind

        Volatile.Write(ref _slow, false);
        _calls.Clear();
        _requests.Clear();
        return file;
    }

    // A read that was refused, and is on a blocking thread now.
    private async Task<Aio.Read> Stuck(AioFile file)
    {
        _blockedThread = new ManualResetEventSlim();
        _flagged = _ => new() { Error = Errno.EAGAIN };
        var read = Replies.Tell(new Aio.Read(file, 0, Block));
        await Eventually(() => _calls.Contains("read"), "a blocking thread has it");
        _flagged = _ => default;
        return read;
    }

    private static bool IsFlagged(IoRequest request) => (request.Flags & RwFlags.NoWait) != 0;
}

/// <summary>On a real file system, where any submit that takes 10 µs counts as one that blocked.</summary>
public sealed class NoWaitOnTheKernelSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.LinuxAio, "akka.io.aio.slow-submit = 0.01 ms", output)
{
    [SkippableFact]
    public async Task Flagged_operations_have_the_results_of_any_other()
    {
        // Overwrites, writes into allocated blocks that nobody has written, and reads of both: file systems refuse some of them.
        const int Blocks = 256;
        var file = await NewFile(Blocks * Block);
        await file.AllocateAsync(Blocks * Block, Blocks * Block);
        var content = Pattern(2 * Blocks * Block);
        for (var round = 0; round < 4; round++)
        {
            var writes = Enumerable.Range(0, 2 * Blocks)
                .Select(i => Replies.Tell(new Aio.Write(file, i * Block, content.AsMemory(i * Block, Block)))).ToArray();
            await Task.WhenAll(writes.Select(Replies.Of<Aio.WriteCompleted>));
            await Task.WhenAll(Enumerable.Range(0, 2 * Blocks).Select(async i =>
            {
                using var read = await file.ReadAsync(i * Block, Block);
                Assert.Equal(content.AsSpan(i * Block, Block), read.GetSpan());
            }));
        }

        var shard = (await Stats()).Shards[0];
        Assert.True(shard.NoWaitFlagged > 0, "a submit of many operations takes more than 10 µs");
        Assert.InRange(shard.NoWaitFellBack, 0, shard.NoWaitFlagged);
        Assert.Equal(0, shard.Errors);
    }
}
