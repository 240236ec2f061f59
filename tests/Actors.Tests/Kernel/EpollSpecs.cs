using Akka.Actor;
using AkkaAio.Shards.Reaping;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

/// <summary>One thread reaps for 64 shards of the kernel's.</summary>
[Collection(MachineCollection.Name)]
public sealed class EpollSpecsOnLinuxAio(ITestOutputHelper output)
    : AioTestKit(EngineKind.LinuxAioEpoll, "akka.io.aio { shards = 64, depth = 16 }", output)
{
    private const string ReaperThread = "akka.io.aio.rea"; // as the kernel cuts it

    [SkippableFact]
    public async Task One_thread_reaps_for_64_shards_and_sleeps_while_nothing_is_in_flight()
    {
        var files = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => NewFile(4 * Block)));
        Assert.True(files.Select(file => file.Shard).Distinct().Count() > 32);
        await Task.WhenAll(files.SelectMany((file, i) => Enumerable.Range(0, 4).Select(block =>
            file.WriteAsync(Pattern(Block, (i * 4) + block), block * Block).AsTask())));
        var contents = await Task.WhenAll(files.Select(async file =>
        {
            var content = new byte[4 * Block];
            Assert.Equal(content.Length, await file.ReadAsync(content, 0));
            return content;
        }));
        Assert.All(contents, (content, i) => Assert.Equal(
            Enumerable.Range(0, 4).SelectMany(block => Pattern(Block, (i * 4) + block)), content));
        var reaper = Assert.Single(ProcessState.ThreadsNamed(ReaperThread));
        Assert.Empty(await ProcessState.ThatDoNotRestAsync([reaper]));
        await Sys.Terminate();
        await Eventually(() => ProcessState.ThreadsNamed(ReaperThread).Count == 0, "the reaper's thread has gone");
    }

    [SkippableFact]
    public async Task A_counter_that_overflows_loses_no_completion_and_is_no_endless_loop()
    {
        var file = await NewFile(16 * Block);
        var shard = Ext.Shards.Single(shard => shard.Ref.Equals(file.Shard));
        for (var round = 0; round < 20; round++)
        {
            // At its end but one: the kernel's own signals then go over it, and what is polled is an error.
            ((EpollReaper.Watched)shard.Reaping!).Signal.Add(ulong.MaxValue - 1);
            await Task.WhenAll(Enumerable.Range(0, 16).Select(i => file.ReadAsync(new byte[Block], i * Block).AsTask()))
                .WaitAsync(Patience.Long);
        }

        var reaper = Assert.Single(ProcessState.ThreadsNamed(ReaperThread));
        await Eventually(() => shard.Loop.Accepted.IsEmpty, "all is reaped");
        await Eventually(() => ProcessState.IsAsleep(reaper), "the reaper sleeps");
    }
}

/// <summary>What one thread for all must not bring with it: one shard's trouble for the others.</summary>
public sealed class EpollSpecsOnMemory(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio { shards = 4, reap.wait = epoll }", output)
{
    [Fact]
    public async Task A_reap_that_throws_restarts_its_shard_and_the_others_go_on()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(AioShardRestarted));
        var files = new List<AioFile>();
        while (files.DistinctBy(file => file.Shard).Count() < 4)
        {
            files.Add(await NewFile(Block));
        }

        var ofShard = files.DistinctBy(file => file.Shard).ToArray();
        for (var round = 0; round < 10; round++)
        {
            var armed = 1;
            Engine.OnReap = () =>
            {
                if (Interlocked.Exchange(ref armed, 0) == 1)
                {
                    throw new InvalidOperationException("a bomb");
                }
            };
            var reads = ofShard.Select(file => Replies.Tell(new Aio.ReadInto(file, new byte[8], 0))).ToArray();
            var restarted = await ExpectMsgAsync<AioShardRestarted>();
            Assert.Equal("a bomb", restarted.Cause.Message);
            foreach (var read in reads)
            {
                var reply = await Replies.Of(read); // the struck one too: what is in flight is drained
                Assert.True(reply is Aio.ReadIntoCompleted || read.File.Shard.Equals(Ext.Shards[restarted.Shard].Ref), $"{reply}");
            }

            foreach (var file in ofShard)
            {
                await Eventually(() => file.ReadAsync(new byte[8], 0).AsTask().ContinueWith(read => read.IsCompletedSuccessfully).Result,
                    "every shard reads again");
            }
        }
    }

    [Fact]
    public async Task A_shard_whose_requester_throws_on_each_reply_holds_up_nobody()
    {
        var (file, other) = (await NewFile(Block), await NewFile(Block));
        Replies.OnReply = _ => throw new InvalidOperationException("a hostile requester");
        var told = Enumerable.Range(0, 100).Select(_ => Replies.Tell(new Aio.ReadInto(file, new byte[8], 0))).ToArray();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(1, await other.ReadAsync(new byte[1], 0).AsTask().WaitAsync(Patience.Long));
        }

        await Eventually(() => Replies.Count == told.Length, "all are answered");
    }
}

/// <summary>Many completions with one signal, taken out one at a time.</summary>
public sealed class EpollOneAtATimeSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio { depth = 64, reap { wait = epoll, nr = 1 } }", output)
{
    [Fact]
    public async Task What_one_turn_leaves_is_taken_by_the_next()
    {
        Engine.OnOperation = (in _) => new OperationFault { Hold = true };
        var file = await NewFile(64 * Block);
        var reads = Enumerable.Range(0, 64).Select(i => Replies.Tell(new Aio.ReadInto(file, new byte[8], i * Block))).ToArray();
        await Eventually(() => Ext.Shards[0].Context is { Count: 64 }, "all are in flight");
        Assert.Equal(64, Engine.Release()); // one signal for all
        await Replies.AssertOneEach(reads);
    }
}

/// <summary>Each context brings an eventfd, and takes it along.</summary>
[Collection(MachineCollection.Name)]
public sealed class EpollRestartSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio.reap.wait = epoll", output)
{
    [Fact]
    public async Task A_restart_leaves_no_eventfd_behind()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(AioShardRestarted));
        var file = await NewFile(Block);
        await file.ReadAsync(new byte[8], 0);
        var before = ProcessState.CountOf("eventfd");
        var watches = new List<object?>(); // so that no finalizer closes one
        for (var restart = 0; restart < 3; restart++)
        {
            watches.Add(Ext.Shards[0].Reaping);
            Engine.OnSubmit = _ =>
            {
                Engine.OnSubmit = null;
                throw new InvalidOperationException("a bomb");
            };
            await Replies.Do<Aio.CommandFailed>(new Aio.ReadInto(file, new byte[8], 0));
            await ExpectMsgAsync<AioShardRestarted>();
            await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, new byte[8], 0));
        }

        await Eventually(() => ProcessState.CountOf("eventfd") == before, $"{before} eventfds, as before");
        Assert.Equal(3, watches.Distinct().Count());
    }
}

/// <summary>What cannot go together fails the start.</summary>
public sealed class EpollConfigurationSpecs
{
    public static TheoryData<string, string> Impossible { get; } = new()
    {
        { "reap { wait = epoll, min-nr = 4 }", "akka.io.aio.reap.min-nr" },
        { "engine = posix-aio, reap.wait = epoll", "akka.io.aio.reap.wait" },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public async Task What_cannot_go_together_fails_the_start(string hocon, string key)
    {
        using var system = ActorSystem.Create("epoll", $"akka {{ loglevel = OFF, io.aio {{ shards = 1, {hocon} }} }}");
        var error = Assert.Throws<AioConfigurationException>(() => AioExt.Get(system));
        Assert.Equal(key, error.Key);
        await system.Terminate();
    }
}
