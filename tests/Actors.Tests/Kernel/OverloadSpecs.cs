using System.Collections.Concurrent;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

/// <summary>A full queue refuses at once, what it refused is never done, and AwaitRoom tells when to go on.</summary>
public sealed class OverloadSpecs : AioTestKit
{
    private const int Depth = 4;
    private const int Queue = 10;

    private readonly ConcurrentBag<long> _performed = [];

    public OverloadSpecs(ITestOutputHelper output)
        : base(EngineKind.Memory, $"akka.io.aio {{ depth = {Depth}, max-queue-size = {Queue}, drain-timeout = 1 s }}", output) =>
        Engine.OnOperation = (in request) =>
        {
            _performed.Add(request.Offset);
            return new OperationFault { Hold = true };
        };

    [Fact]
    public async Task What_does_not_fit_is_refused_at_once_and_never_done()
    {
        var file = await NewFile(64 * Block);
        var writes = Enumerable.Range(0, 30).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        var refused = writes.Skip(Depth + Queue).ToArray();
        foreach (var write in refused)
        {
            var failed = await Replies.Of<Aio.CommandFailed>(write); // nothing has been released
            var error = Assert.IsType<AioOverloadedException>(failed.Cause);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
            Assert.Equal((0, Queue, file.Path, "write"), (error.Shard, error.MaxQueueSize, error.Path, error.Operation));
        }

        Assert.Equal(refused.Length, (await Stats()).Shards[0].Overloads);
        Assert.Equal(Queue, (await Stats()).Shards[0].Queued);
        Engine.OnOperation = Recording;
        Engine.Release();
        await Task.WhenAll(writes.Select(Replies.Of));
        Assert.All(writes.Take(Depth + Queue), write => Assert.IsType<Aio.WriteCompleted>(Replies.Of(write).Result));
        Assert.Equal(Depth + Queue, _performed.Count);
        Assert.Equal(Depth + Queue, _performed.Distinct().Count());
        Assert.All(_performed, offset => Assert.True(offset < (Depth + Queue) * Block));
    }

    [Fact]
    public async Task What_of_a_batch_does_not_fit_is_refused_one_by_one()
    {
        var file = await NewFile(64 * Block);
        var writes = Enumerable.Range(0, 30).Select(i => new Aio.Write(file, Pattern(Block, i), i * Block)).ToArray();
        Disk.Tell(new Aio.Batch(writes), Replies);
        foreach (var write in writes.Skip(Depth + Queue))
        {
            var failed = await Replies.Of<Aio.CommandFailed>(write); // nothing has been released
            Assert.IsType<AioOverloadedException>(failed.Cause);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        }

        Assert.Equal(30 - Depth - Queue, Replies.Count);
        Engine.OnOperation = Recording;
        Engine.Release();
        await Replies.AssertOneEach(writes);
        Assert.Equal(Depth + Queue, Replies.InOrder.Count(reply => reply is Aio.WriteCompleted));
        Assert.All(_performed, offset => Assert.True(offset < (Depth + Queue) * Block));
    }

    [Fact]
    public async Task Cancelled_commands_behind_a_barrier_give_their_places_back()
    {
        var file = await NewFile(64 * Block);
        var first = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        var barrier = Replies.Tell(new Aio.SetLength(file, 64 * Block));
        var commands = new List<Aio.Command> { first, barrier };
        for (var round = 0; round < 3; round++)
        {
            var held = Enumerable.Range(0, Queue).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
            foreach (var command in held)
            {
                var cancel = Replies.Tell(new Aio.Cancel(command));
                Assert.True((await Replies.Of<Aio.Canceled>(cancel)).Found);
                Assert.IsType<AioCanceledException>((await Replies.Of<Aio.CommandFailed>(command)).Cause);
                commands.AddRange([command, cancel]);
            }
        }

        Engine.OnOperation = null;
        Engine.Release();
        await Replies.AssertOneEach(commands);
        Assert.Equal(Queue, (await RoomOf(file)).Credit);
    }

    [Fact]
    public async Task Cancelled_writes_that_wait_for_a_longer_file_give_their_places_back()
    {
        var file = await NewFile();
        using var leave = new ManualResetEventSlim();
        Engine.OnFileCall = (call, _) =>
        {
            if (call == "fallocate")
            {
                leave.Wait(Patience.Long);
            }

            return Errno.None;
        };
        Engine.OnOperation = null;
        try
        {
            for (var round = 0; round < 3; round++)
            {
                var growing = Enumerable.Range(0, Queue)
                    .Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
                foreach (var command in growing)
                {
                    Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(command))).Found);
                    Assert.IsType<AioCanceledException>((await Replies.Of<Aio.CommandFailed>(command)).Cause);
                }
            }
        }
        finally
        {
            leave.Set();
        }

        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        Assert.Equal(Queue, (await RoomOf(file)).Credit);
    }

    [Fact]
    public async Task AwaitRoom_told_twice_and_cancelled_has_two_replies()
    {
        var file = await NewFile(64 * Block);
        var writes = Enumerable.Range(0, Depth + Queue)
            .Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var room = new Aio.AwaitRoom(file);
        Replies.Tell(room);
        Replies.Tell(room);
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(room))).Found);
        await Eventually(() => Replies.InOrder.Count(reply => reply.Command == room) == 2, "both tellings are answered");
        Assert.False((await Replies.Do<Aio.Canceled>(new Aio.Cancel(room))).Found);
        Engine.OnOperation = null;
        Engine.Release();
        await Task.WhenAll(writes.Select(Replies.Of));
    }

    [Fact]
    public async Task AwaitRoom_has_its_reply_when_the_system_ends_with_a_full_queue()
    {
        var file = await NewFile(64 * Block);
        var writes = Enumerable.Range(0, Depth + Queue)
            .Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var room = Replies.Tell(new Aio.AwaitRoom(file));
        await Stats();
        Assert.False(Replies.Has(room));
        Abandons = true;
        await Sys.Terminate().WaitAsync(Patience.Long);
        await Replies.Of(room);
        Assert.All(writes, write => Assert.True(Replies.Has(write)));
        Engine.Release();
    }

    [Fact]
    public async Task Commands_behind_a_barrier_count_too()
    {
        var file = await NewFile(64 * Block);
        var first = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        var barrier = Replies.Tell(new Aio.SetLength(file, 64 * Block));
        var reads = Enumerable.Range(0, Queue + 5).Select(_ => Replies.Tell(new Aio.ReadInto(file, new byte[1], 0))).ToArray();
        foreach (var read in reads.Skip(Queue))
        {
            Assert.IsType<AioOverloadedException>((await Replies.Of<Aio.CommandFailed>(read)).Cause);
        }

        Engine.OnOperation = null;
        Engine.Release();
        await Replies.AssertOneEach([first, barrier, .. reads]);
        Assert.Equal(Queue, Replies.InOrder.Count(reply => reply is Aio.ReadIntoCompleted));
    }

    [Fact]
    public async Task Barriers_cancels_and_figures_go_through_a_full_queue()
    {
        var file = await NewFile(64 * Block);
        var writes = Enumerable.Range(0, Depth + Queue)
            .Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(writes[^1]))).Found);
        Assert.Equal(Queue - 1, (await Stats()).Shards[0].Queued);
        Engine.OnOperation = null;
        Engine.Release();
        await Replies.Of<Aio.Flushed>(flush);
        Assert.All(writes, write => Assert.True(Replies.Has(write)));
    }

    [Fact]
    public async Task AwaitRoom_is_answered_when_half_the_queue_is_free()
    {
        var file = await NewFile(64 * Block);
        var writes = Enumerable.Range(0, Depth + Queue)
            .Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var room = Replies.Tell(new Aio.AwaitRoom(file) { Token = "t" });
        await Stats();
        Assert.False(Replies.Has(room));
        for (var released = 0; released < Queue / 2; released++)
        {
            Assert.False(Replies.Has(room));
            await Eventually(() => Engine.Release(request => request.Offset == released * Block) == 1, "one is released");
            await Replies.Of(writes[released]);
        }

        var available = await Replies.Of<Aio.RoomAvailable>(room);
        Assert.Equal("t", available.Token);
        Assert.Same(room, available.Command);
        Assert.InRange(available.Credit, 1, Queue);
        Engine.OnOperation = null;
        Engine.Release();
        await Task.WhenAll(writes.Select(Replies.Of));
        Assert.InRange((await Replies.Do<Aio.RoomAvailable>(new Aio.AwaitRoom(file))).Credit, Queue, Queue);
    }

    [Fact]
    public async Task Producers_that_await_room_lose_nothing_and_meet_in_the_end()
    {
        Engine.OnOperation = (in request) =>
        {
            _performed.Add(request.Offset);
            return new OperationFault { Delay = 2 };
        };
        var file = await NewFile(1000 * Block);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(producer => Task.Run(async () =>
        {
            var replies = new Replies(Sys);
            for (var i = producer; i < 1000; i += 5)
            {
                while (await replies.Of(replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))) is Aio.CommandFailed failed)
                {
                    Assert.IsType<AioOverloadedException>(failed.Cause);
                    await replies.Do<Aio.RoomAvailable>(new Aio.AwaitRoom(file, i * Block));
                }
            }
        }))).WaitAsync(Patience.Long);
        Assert.Equal(1000, _performed.Distinct().Count());
        Assert.Equal(1000, _performed.Count);
    }

    [Fact]
    public async Task A_cancelled_AwaitRoom_is_answered_now()
    {
        var file = await NewFile(64 * Block);
        var writes = Enumerable.Range(0, Depth + Queue)
            .Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var room = Replies.Tell(new Aio.AwaitRoom(file));
        var canceled = await Replies.Do<Aio.Canceled>(new Aio.Cancel(room));
        var answered = Replies.Has(room);
        Engine.OnOperation = null;
        Engine.Release();
        await Task.WhenAll([.. writes.Select(Replies.Of), Replies.Of(room)]);
        Assert.True(canceled.Found); // false would say that it had its reply already
        Assert.True(answered);
        Assert.IsType<AioCanceledException>((await Replies.Of<Aio.CommandFailed>(room)).Cause);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_producer_that_awaits_room_is_told_after_a_failure_of_the_shard(bool reaper)
    {
        var file = await NewFile(64 * Block);
        var reads = Enumerable.Range(0, Depth + Queue - 1).Select(_ => Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0))).ToArray();
        var room = Replies.Tell(new Aio.AwaitRoom(file));
        await Replies.Do<Aio.Canceled>(new Aio.Cancel(new Aio.Flush(file)));
        Assert.False(Replies.Has(room));
        await Eventually(() => Ext.Shards[0].Context is { Count: Depth }, "all slots are in flight");
        var bombs = 1;
        Sys.EventStream.Subscribe(TestActor, typeof(AioShardRestarted));
        Engine.OnReap = () => Explode(reaper);
        Engine.OnSubmit = _ =>
        {
            Explode(!reaper);
            return default;
        };
        Engine.OnOperation = null;
        Assert.Equal(Depth, Engine.Release());
        await Replies.Of<Aio.RoomAvailable>(room);
        await Task.WhenAll(reads.Select(Replies.Of));
        await ExpectMsgAsync<AioShardRestarted>();

        void Explode(bool armed)
        {
            if (armed && Interlocked.Exchange(ref bombs, 0) == 1)
            {
                throw new InvalidOperationException("bomb");
            }
        }
    }

    [Fact]
    public async Task One_requester_s_long_queue_does_not_starve_another()
    {
        var file = await NewFile(64 * Block);
        var greedy = Enumerable.Range(0, Depth + Queue - 2)
            .Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var modest = new Replies(Sys);
        var one = modest.Tell(new Aio.Write(file, new byte[Block], 63 * Block));
        await Stats();
        await Replies.Do<Aio.Canceled>(new Aio.Cancel(new Aio.Flush(file)));
        for (var i = 0; i < 2; i++)
        {
            await Eventually(() => Engine.Release(request => request.Offset == i * Block) == 1, "one is released");
            await Replies.Of(greedy[i]);
        }

        await Eventually(() => Engine.Release(request => request.Offset == 63 * Block) == 1, "the modest one is in flight");
        await modest.Of<Aio.WriteCompleted>(one);
        Engine.OnOperation = null;
        Engine.Release();
        await Task.WhenAll(greedy.Select(Replies.Of));
    }

    [Fact]
    public async Task A_long_queue_of_tasks_on_one_file_does_not_starve_those_on_another()
    {
        var (busy, other) = (await NewFile(64 * Block), await NewFile(64 * Block));
        var greedy = Enumerable.Range(0, Depth + Queue - 2)
            .Select(i => busy.WriteAsync(new byte[Block], i * Block).AsTask()).ToArray();
        var one = other.WriteAsync(new byte[Block], 63 * Block).AsTask();
        await Replies.Do<Aio.Canceled>(new Aio.Cancel(new Aio.Flush(busy)));
        for (var i = 0; i < 2; i++)
        {
            await Eventually(() => Engine.Release(request => request.Offset == i * Block) == 1, "one is released");
            await greedy[i];
        }

        await Eventually(() => Engine.Release(request => request.Offset == 63 * Block) == 1, "the modest one is in flight");
        await one;
        Engine.OnOperation = null;
        Engine.Release();
        await Task.WhenAll(greedy);
    }

    private OperationFault Recording(in Interop.Engines.IoRequest request)
    {
        _performed.Add(request.Offset);
        return default;
    }

    // Half empty is enough for an answer: the last places come back when the shard has taken up its messages.
    private async Task<Aio.RoomAvailable> RoomOf(AioFile file)
    {
        await Eventually(() => Ext.Shards[0].Loop.Admission.HeldCount == 0 && Ext.Shards[0].Counters.Queued == 0, "nothing waits");
        return await Replies.Do<Aio.RoomAvailable>(new Aio.AwaitRoom(file));
    }
}
