using System.Collections.Concurrent;
using Akka.Actor;
using AkkaAio.Dispatch;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

public sealed class BatchSpecsOnLinuxAio(ITestOutputHelper output) : BatchSpecs(EngineKind.LinuxAio, output);

public sealed class BatchSpecsOnMemory(ITestOutputHelper output) : BatchSpecs(EngineKind.Memory, output)
{
    [Fact]
    public async Task A_batch_is_never_larger_than_submit_batch_size_nor_in_flight_more_than_depth()
    {
        var sizes = new ConcurrentQueue<int>();
        var (started, answered, most) = (0, 0, 0);
        Engine.OnSubmit = requests =>
        {
            sizes.Enqueue(requests.Length);
            return default;
        };
        Engine.OnOperation = (in _) =>
        {
            // An operation is answered before its place is given to another.
            most = Math.Max(most, Interlocked.Increment(ref started) - Volatile.Read(ref answered));
            return new OperationFault { Hold = true };
        };
        Replies.OnReply = reply => Interlocked.Add(ref answered, reply is Aio.ReadIntoCompleted ? 1 : 0);
        var file = await NewFile(64 * Block);
        var reads = Enumerable.Range(0, 2000).Select(i => Replies.Tell(new Aio.ReadInto(file, new byte[8], i % 64 * Block))).ToArray();
        for (var expected = Math.Min(Ext.Depth, reads.Length);
             answered < reads.Length;
             expected = Math.Min(expected + Ext.Depth, reads.Length))
        {
            await Eventually(() => Volatile.Read(ref started) == expected, "the context is full");
            await Replies.Do<Aio.Canceled>(new Aio.Cancel(new Aio.Flush(file))); // the shard looks again, and puts no more in flight
            Assert.Equal(expected, Volatile.Read(ref started));
            Engine.Release();
            await Eventually(() => Volatile.Read(ref answered) == expected, "what was in flight is answered");
        }

        await Task.WhenAll(reads.Select(Replies.Of));
        Assert.Equal(Ext.Depth, most);
        Assert.Equal(2000, sizes.Sum());
        Assert.InRange(sizes.Max(), 2, 32);
    }

    [Theory]
    [InlineData("identify")]
    [InlineData("selection of a child")]
    public async Task A_message_that_Akka_answers_itself_leaves_nothing_unsubmitted(string message)
    {
        var file = await NewFile(Block);
        using var reached = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var refused = new Aio.RentRead(file, -1, 1);
        Replies.OnReply = reply =>
        {
            if (reply.Command == refused)
            {
                reached.Set();
                go.Wait(Patience.Long); // the shard's thread
            }
        };
        Replies.Tell(refused);
        Assert.True(reached.Wait(Patience.Long));
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[8], 0));
        object told = message == "identify" ? new Identify(1) : new ActorSelectionMessage("hello", [new SelectChildName("nobody")]);
        file.Shard.Tell(told, ActorRefs.Nobody);
        go.Set();
        await Replies.Of<Aio.ReadIntoCompleted>(read);
    }

    [Fact]
    public async Task A_single_command_is_submitted_at_once()
    {
        var file = await NewFile(Block);
        var submits = 0;
        Engine.OnSubmit = requests =>
        {
            submits++;
            Assert.Equal(1, requests.Length);
            return default;
        };
        for (var i = 0; i < 100; i++)
        {
            await file.ReadAsync(new byte[1], 0);
        }

        Assert.Equal(100, submits);
    }
}

/// <summary>Under load commands go to the kernel many at a time.</summary>
public abstract class BatchSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "", output)
{
    [SkippableFact]
    public async Task Batches_form_under_load()
    {
        var file = await NewFile(64 * Block);
        for (var round = 0; round < 5; round++)
        {
            var reads = Enumerable.Range(0, 4000).Select(i => Replies.Tell(new Aio.ReadInto(file, new byte[8], i % 64 * Block))).ToArray();
            await Task.WhenAll(reads.Select(Replies.Of));
        }

        var shard = (await StatsAfter(20_000)).Shards[0];
        Assert.Equal(20_000, shard.Reads);
        Assert.Equal(20_000, shard.Submitted);
        var batch = (double)shard.Submitted / shard.Submits;
        Assert.True(batch > 1.5, $"mean batch {batch:f2}");
    }

    [SkippableFact]
    public async Task A_shard_has_a_thread_of_its_own_with_a_throughput_that_lets_batches_form()
    {
        await Fence(await NewFile(Block)); // manager, shard and reaper are there
        var shard = await CellOf("shard-0");
        Assert.IsType<ThreadDispatcherConfigurator>(shard.Dispatcher.Configurator);
        Assert.Null(shard.Dispatcher.ThroughputDeadlineTime);
        Assert.True(shard.Dispatcher.Throughput >= 32);
    }
}
