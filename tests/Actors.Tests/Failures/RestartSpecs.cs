using System.Collections.Concurrent;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

public sealed class RestartSpecs(ITestOutputHelper output) : RestartSpecsBase("", output);

public sealed class StripedRestartSpecs(ITestOutputHelper output)
    : RestartSpecsBase("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

/// <summary>A shard or reaper that throws loses nothing: each command gets its reply, files and their memory of errors live on.</summary>
public abstract class RestartSpecsBase : AioTestKit
{
    private int _reaperBombs;
    private int _shardBombs;

    protected RestartSpecsBase(string hocon, ITestOutputHelper output)
        : base(EngineKind.Memory, hocon, output)
    {
        Engine.OnReap = () => Explode(ref _reaperBombs, "the reaper's bomb");
        Engine.OnSubmit = _ =>
        {
            Explode(ref _shardBombs, "the shard's bomb");
            return default;
        };
        Sys.EventStream.Subscribe(TestActor, typeof(AioShardRestarted));
    }

    [Fact]
    public async Task A_batch_that_a_shard_throws_in_the_middle_of_is_answered_whole()
    {
        var file = await NewFile(256 * Block);
        var batch = new Aio.Batch([.. Enumerable.Range(0, 256).Select(i => new Aio.ReadInto(file, new byte[8], i * Block))]);
        Arm(reaper: false);
        Disk.Tell(batch, Replies); // the first full batch of the kernel's throws, with most of the commands behind it
        await ExpectMsgAsync<AioShardRestarted>();
        await Replies.AssertOneEach(batch.Commands.ToArray());
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_outstanding_command_gets_one_reply_and_all_memory_comes_back(bool reaper)
    {
        var file = await NewFile(256 * Block);
        var content = new ConcurrentDictionary<long, byte[]>();
        Engine.OnOperation = (in request) => new OperationFault { Delay = (int)(request.Offset / Block % 5) };
        var commands = new List<Aio.Command>();
        for (var i = 0; i < 256; i++)
        {
            commands.Add(Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block)));
            commands.Add(Replies.Tell(new Aio.RentRead(file, i * Block, 100)));
            if (i == 100)
            {
                Arm(reaper);
            }

            if (i % 50 == 49)
            {
                commands.Add(Replies.Tell(new Aio.Flush(file)));
            }
        }

        var restarted = await ExpectMsgAsync<AioShardRestarted>();
        Assert.Equal(reaper ? "the reaper's bomb" : "the shard's bomb", restarted.Cause.Message);
        await Replies.AssertOneEach(commands);
        foreach (var reply in Replies.InOrder)
        {
            switch (reply)
            {
                case Aio.RentReadCompleted read:
                    read.Buffer.Dispose();
                    break;
                case Aio.CommandFailed failed:
                    Assert.IsType<AioAbortedException>(failed.Cause);
                    break;
                default:
                    break;
            }
        }

        foreach (var write in commands.OfType<Aio.Write>())
        {
            var written = OnDisk(file.Path).AsMemory((int)write.Offset, Block);
            switch (await Replies.Of(write))
            {
                case Aio.CommandFailed { Outcome: AioOutcome.NotPerformed }:
                    Assert.True(written.Span.SequenceEqual(new byte[Block]), "what was not performed is not in the file");
                    break;
                case Aio.WriteCompleted:
                    Assert.True(written.Span.SequenceEqual(write.Data.Span), "what was completed is in the file");
                    break;
                default:
                    break;
            }
        }

        await Eventually(() => Pool.RentedBuffers == 0, "all memory is back");
        Assert.Equal(1, (await Stats()).Shards.Sum(shard => shard.Restarts));
        await AssertWorks(file);
    }

    [Fact]
    public async Task A_reap_that_fails_in_the_midst_of_a_restart_abandons_nothing()
    {
        var file = await NewFile(16 * Block);
        Engine.OnOperation = (in _) => new OperationFault { Hold = true };
        var commands = Enumerable.Range(0, 16).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        await Eventually(() => Ext.Shards.Sum(shard => shard.Context?.Count ?? 0) == 16, "all are in flight");
        Engine.OnOperation = null;
        Volatile.Write(ref _reaperBombs, 3); // the first fails the reaper, the others its drain
        Assert.Equal(1, Engine.Release(request => request.Offset == 0));
        await Eventually(() => Volatile.Read(ref _reaperBombs) == 0, "all three have gone off");
        Engine.Release();
        await ExpectMsgAsync<AioShardRestarted>();
        await Replies.AssertOneEach(commands);
        Assert.Equal(Pattern(Block, 7), OnDisk(file.Path).AsSpan(7 * Block, Block));
        await AssertWorks(file);
        Assert.Equal(Ext.Settings.Shards, Engine.OpenContexts);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_works_on_after_each_of_three_failures(bool reaper)
    {
        var file = await NewFile(16 * Block);
        for (var i = 0; i < 3; i++)
        {
            Arm(reaper);
            var write = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
            await ExpectMsgAsync<AioShardRestarted>();
            var reply = await Replies.Of(write);
            Assert.True(reply is Aio.WriteCompleted or Aio.CommandFailed { Cause: AioAbortedException }, $"{reply}");
            await AssertWorks(file);
            Assert.Equal(Ext.Settings.Shards, Engine.OpenContexts);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_flush_s_failure_survives(bool reaper)
    {
        var file = await NewFile(Block);
        Engine.OnOperation = (in request) =>
            request.Opcode == IoOpcode.DataSync ? new OperationFault { Error = Errno.EIO } : default;
        await Replies.Fails<AioSystemException>(new Aio.Flush(file));
        Engine.OnOperation = null;
        await Crash(file, reaper);
        Assert.Equal(Errno.EIO, (await Replies.Fails<AioSystemException>(new Aio.Flush(file))).Errno);
    }

    [Fact]
    public async Task Commands_behind_a_barrier_survive_and_are_done_in_order()
    {
        var (file, other) = (await NewFile(8 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Opcode == IoOpcode.Write && request.Length == Block };
        var write = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        var cut = Replies.Tell(new Aio.SetLength(file, 0));
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));
        var again = Replies.Tell(new Aio.SetLength(file, 2 * Block));
        var flush = Replies.Tell(new Aio.Flush(file));
        var last = Replies.Tell(new Aio.ReadInto(file, new byte[8 * Block], 0));
        await Fence(other);
        Arm(reaper: true);
        var bystander = Replies.Tell(new Aio.ReadInto(other, new byte[1], 0));
        await Eventually(() => Engine.Release() > 0, "the write is released");
        await ExpectMsgAsync<AioShardRestarted>();
        await Replies.AssertOneEach(write, cut, read, again, flush, last, bystander);
        Assert.IsType<Aio.WriteCompleted>(await Replies.Of(write));
        Assert.IsType<Aio.LengthSet>(await Replies.Of(cut));
        Assert.Equal(0, (await Replies.Of<Aio.ReadIntoCompleted>(read)).Count);
        Assert.IsType<Aio.LengthSet>(await Replies.Of(again));
        Assert.IsType<Aio.Flushed>(await Replies.Of(flush));
        Assert.Equal(2 * Block, (await Replies.Of<Aio.ReadIntoCompleted>(last)).Count);
    }

    [Theory]
    [InlineData("close")]
    [InlineData("flush")]
    [InlineData("set-length")]
    public async Task A_barrier_behind_a_write_whose_submit_throws_is_answered_without_further_messages(string kind)
    {
        var file = await NewFile(8 * Block);
        using var gate = new Gate(Engine, first: request => request.Opcode == IoOpcode.Read);
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[1], 0));
        gate.AwaitEntered();
        var write = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        Aio.BarrierCommand barrier = kind switch
        {
            "close" => new Aio.Close(file),
            "flush" => new Aio.Flush(file),
            _ => new Aio.SetLength(file, 0),
        };
        Replies.Tell(barrier);
        gate.ThrowNext = request => request.Opcode == IoOpcode.Write;
        gate.Open();
        await ExpectMsgAsync<AioShardRestarted>();
        await Replies.AssertOneEach(read, write, barrier);
        Assert.IsType<AioAbortedException>((await Replies.Of<Aio.CommandFailed>(write)).Cause);
        Assert.IsNotType<Aio.CommandFailed>(await Replies.Of(barrier));
    }

    [Fact]
    public async Task A_flush_whose_fdatasync_s_submit_throws_is_answered_without_further_messages()
    {
        var file = await NewFile(8 * Block);
        using var gate = new Gate(Engine, first: _ => false) { ThrowNext = request => request.Opcode == IoOpcode.DataSync };
        var flush = Replies.Tell(new Aio.Flush(file));
        await ExpectMsgAsync<AioShardRestarted>();
        await Replies.Of(flush);
        await Replies.AssertOneEach(flush);
    }

    [Fact]
    public async Task What_the_kernel_does_not_give_back_in_time_is_abandoned_and_not_freed()
    {
        Abandons = true;
        var (file, other) = (await NewFile(8 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        using var buffer = Pool.Rent(2 * Block);
        var write = Replies.Tell(new Aio.Write(file, buffer, 0));
        var read = Replies.Tell(new Aio.RentRead(file, 0, 2 * Block));
        await Fence(other);
        Arm(reaper: true);
        var bystander = Replies.Tell(new Aio.ReadInto(file, new byte[1], 0)); // on the same shard
        await ExpectMsgAsync<AioShardRestarted>(); // after drain-timeout, 3 s

        var failed = await Replies.Of<Aio.CommandFailed>(write);
        Assert.IsType<AioAbortedException>(failed.Cause);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        failed = await Replies.Of<Aio.CommandFailed>(read);
        Assert.IsType<AioAbortedException>(failed.Cause);
        Assert.True(await Replies.Of(bystander) is Aio.ReadIntoCompleted or Aio.CommandFailed { Cause: AioAbortedException });
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        buffer.Dispose();

        // The read's buffer is nobody's but the abandoned context's: a finalizer must not give it to others.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.Equal(2, Pool.RentedBuffers); // the kernel's for ever
        Assert.Equal(2, Engine.OpenFiles); // a descriptor that the kernel uses is never closed
        Assert.True(Engine.OpenContexts > Ext.Settings.Shards);
        Engine.OnOperation = null;
        await AssertWorks(other);
        Assert.Equal(2, Engine.Release()); // into memory that is still theirs
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Buffered_operations_under_way_survive(bool reaper)
    {
        var (file, direct) = (await NewFile(8 * Block, DirectIo.Off), await NewFile(Block));
        using var stuck = Rules.Any(file.Path).Hold();
        var commands = Enumerable.Range(0, 4).Select(i => Replies.Tell<Aio.Command>(i % 2 == 0
            ? new Aio.Write(file, Pattern(10, i), i * 10) : new Aio.ReadInto(file, new byte[10], i * 10))).ToList();
        await stuck.WhenHit(4);
        var close = Replies.Tell(new Aio.Close(file));
        await Crash(direct, reaper);
        stuck.Dispose();
        foreach (var command in commands)
        {
            Assert.IsNotType<Aio.CommandFailed>(await Replies.Of(command));
        }

        await Replies.Of<Aio.Closed>(close);
        Assert.Equal(1, Engine.OpenFiles);
    }

    [Fact]
    public async Task A_shard_that_keeps_failing_refuses_typed_and_comes_back()
    {
        var file = await NewFile(16 * Block);
        Volatile.Write(ref _shardBombs, 5);
        var seen = new List<Type>();
        var done = false;
        for (var deadline = DateTime.UtcNow + Patience.Long; !done && DateTime.UtcNow < deadline;)
        {
            switch (await Replies.Of(Replies.Tell(new Aio.Write(file, new byte[Block], 0))))
            {
                case Aio.CommandFailed failed:
                    Assert.True(failed.Cause is AioAbortedException or AioUnavailableException, failed.ToString());
                    Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
                    seen.Add(failed.Cause.GetType());
                    if (failed.Cause is AioUnavailableException)
                    {
                        await Replies.Do<Aio.LengthSet>(new Aio.SetLength(file, 16 * Block)); // needs no context
                    }

                    break;
                default:
                    done = true;
                    break;
            }
        }

        Assert.True(done, "the shard came back");
        Assert.Contains(typeof(AioAbortedException), seen);
        Assert.Contains(typeof(AioUnavailableException), seen);
        await AssertWorks(file);
    }

    private async Task Crash(AioFile file, bool reaper)
    {
        Arm(reaper);
        await Replies.Of(Replies.Tell(new Aio.ReadInto(file, new byte[1], 0)));
        await ExpectMsgAsync<AioShardRestarted>();
    }

    private async Task AssertWorks(AioFile file)
    {
        var data = Pattern(Block, seed: 99);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, data, 0));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        var into = new byte[Block];
        await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, into, 0));
        Assert.Equal(data, into);
    }

    private void Arm(bool reaper) => Volatile.Write(ref reaper ? ref _reaperBombs : ref _shardBombs, 1);

    private static void Explode(ref int bombs, string name)
    {
        var left = Volatile.Read(ref bombs);
        if (left > 0 && Interlocked.CompareExchange(ref bombs, left - 1, left) == left)
        {
            throw new InvalidOperationException(name);
        }
    }

    private Task<AioFile> NewFile(long length, DirectIo direct) => NewFile(length, direct, path: null);

    /// <summary>Stops the shard inside a submit, so that its mailbox fills, and makes a later one throw.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly ManualResetEventSlim _entered = new();
        private readonly ManualResetEventSlim _open = new();

        public Gate(MemoryEngine engine, Func<IoRequest, bool> first) => engine.OnSubmit = requests =>
        {
            if (first(requests[0]) && !_entered.IsSet)
            {
                _entered.Set();
                _open.Wait(Patience.Long);
            }
            else if (ThrowNext is { } throws && Any(requests, throws))
            {
                ThrowNext = null;
                throw new InvalidOperationException("the gate's bomb");
            }

            return default;
        };

        public Func<IoRequest, bool>? ThrowNext { get; set; }

        public void AwaitEntered() => Assert.True(_entered.Wait(Patience.Long));

        public void Open() => _open.Set();

        public void Dispose()
        {
            _open.Set();
            _entered.Dispose();
        }

        private static bool Any(ReadOnlySpan<IoRequest> requests, Func<IoRequest, bool> condition)
        {
            foreach (var request in requests)
            {
                if (condition(request))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
