using Akka.Actor;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class BatchCommandSpecsOnLinuxAio(ITestOutputHelper output)
    : BatchCommandSpecs(EngineKind.LinuxAio, "akka.io.aio.shards = 2", output);

public sealed class BatchCommandSpecsOnMemory(ITestOutputHelper output)
    : BatchCommandSpecs(EngineKind.Memory, "akka.io.aio.shards = 2", output);

public sealed class StripedBatchCommandSpecs(ITestOutputHelper output)
    : BatchCommandSpecs(EngineKind.Memory, "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output)
{
    [Fact]
    public async Task Each_shard_gets_its_part()
    {
        var file = await NewFile(256 * Block);
        var batch = new Aio.Batch([.. Enumerable.Range(0, 256).Select(i => new Aio.ReadInto(file, new byte[8], i * Block))]);
        Disk.Tell(batch, Replies);
        await Replies.AssertOneEach(CommandsOf(batch));
        var stats = await Stats();
        Assert.Equal(256, stats.Shards.Sum(shard => shard.Reads));
        Assert.All(stats.Shards, shard => Assert.True(shard.Reads > 0));
    }
}

/// <summary>A batch is what telling its commands one after another is.</summary>
public abstract class BatchCommandSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    [SkippableFact]
    public async Task Each_command_has_its_own_reply()
    {
        var one = await NewFile(64 * Block);
        var two = await NewFile(64 * Block);
        var writes = new Aio.Batch([.. Enumerable.Range(0, 128).Select(i =>
            new Aio.Write(i % 2 == 0 ? one : two, Pattern(Block, i), i / 2 * Block) { Token = i })]);
        Disk.Tell(writes, Replies);
        await Replies.AssertOneEach(CommandsOf(writes));
        for (var i = 0; i < 128; i++)
        {
            var written = await Replies.Of<Aio.WriteCompleted>(CommandsOf(writes)[i]);
            Assert.Equal(i, written.Token);
            using var read = await (i % 2 == 0 ? one : two).RentReadAsync(i / 2 * Block, Block);
            Assert.Equal(Pattern(Block, i), read.GetSpan().ToArray());
        }
    }

    [SkippableFact]
    public async Task A_barrier_within_covers_what_stands_before_it_and_not_what_stands_behind()
    {
        var file = await NewFile(64 * Block);
        var batch = new Aio.Batch(
        [
            .. Enumerable.Range(0, 32).Select(i => new Aio.Write(file, Pattern(Block, i), i * Block)),
            new Aio.Flush(file),
            new Aio.SetLength(file, Block),
            new Aio.Write(file, Pattern(Block, 99), Block),
            new Aio.Close(file),
            new Aio.RentRead(file, 0, 1),
        ]);
        Disk.Tell(batch, Replies);
        var commands = CommandsOf(batch);
        await Replies.AssertOneEach(commands);
        var order = Replies.InOrder.Select(reply => Array.IndexOf(commands, (Aio.FileCommand)reply.Command)).ToArray();
        int Place(int command) => Array.IndexOf(order, command);
        Assert.All(Enumerable.Range(0, 32), write => Assert.True(Place(write) < Place(32), "the flush came first"));
        Assert.True(Place(32) < Place(33), "the cut came before the flush");
        Assert.True(Place(33) < Place(34), "the write came before the cut");
        Assert.True(Place(34) < Place(35), "the close came before the write");
        Assert.IsType<Aio.Closed>(await Replies.Of(commands[35]));
        Assert.IsType<AioClosedException>((await Replies.Of<Aio.CommandFailed>(commands[36])).Cause);
        Assert.Equal([.. Pattern(Block, 0), .. Pattern(Block, 99)], OnDisk(file.Path));
    }

    [SkippableFact]
    public async Task A_bad_command_fails_alone()
    {
        using var other = ActorSystem.Create("other", SetupOf(EngineKind.Memory, new MemoryEngine(), ""));
        var foreign = await AioExt.Get(other).OpenAsync("/foreign", New with { PreallocationSize = Block });
        var file = await NewFile(4 * Block);
        var batch = new Aio.Batch(
            new Aio.ReadInto(file, new byte[10], 0), new Aio.RentRead(file, -1, 1), new Aio.Write(foreign, new byte[Block], 0),
            new Aio.Write(file, new byte[Block], 1), new Aio.Write(file, new byte[Block], 0), new Aio.RentRead(file, 0, 0));
        Disk.Tell(batch, Replies);
        var commands = CommandsOf(batch);
        await Replies.AssertOneEach(commands);
        var succeeded = await Task.WhenAll(commands.Select(async command => await Replies.Of(command) is not Aio.CommandFailed));
        Assert.Equal([true, false, false, false, true, true], succeeded);
        ((Aio.RentReadCompleted)await Replies.Of(commands[5])).Buffer.Dispose();
        await other.Terminate().WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task A_batch_of_nothing_has_no_reply()
    {
        var file = await NewFile(Block);
        Disk.Tell(new Aio.Batch(), Replies);
        await Replies.AssertOneEach(Replies.Tell(new Aio.ReadInto(file, new byte[1], 0))); // and nobody is harmed
    }

    [SkippableFact]
    public async Task It_may_be_told_to_the_manager_and_to_any_shard_by_hand()
    {
        var file = await NewFile(Block);
        var batches = new List<Aio.Batch>();
        foreach (var target in (IActorRef[])[Ext.Manager, .. Ext.Shards.Select(shard => shard.Ref)])
        {
            batches.Add(new Aio.Batch(new Aio.ReadInto(file, new byte[1], 0), new Aio.Flush(file)));
            target.Tell(batches[^1], Replies);
        }

        await Replies.AssertOneEach(batches.SelectMany(CommandsOf));
    }

    [SkippableFact]
    public async Task After_the_end_of_the_system_each_is_refused()
    {
        var file = await NewFile(Block);
        var shard = Ext.Shards[0].Ref;
        await Sys.Terminate().WaitAsync(Patience.Long);
        var toTheRef = new Aio.Batch(new Aio.ReadInto(file, new byte[1], 0), new Aio.Flush(file));
        var toTheShard = new Aio.Batch(new Aio.ReadInto(file, new byte[1], 0), new Aio.Flush(file));
        Disk.Tell(toTheRef, Replies);
        shard.Tell(toTheShard, Replies);
        await Replies.AssertOneEach(CommandsOf(toTheRef).Concat(CommandsOf(toTheShard)));
        Assert.All(Replies.InOrder, reply => Assert.IsType<Aio.CommandFailed>(reply));
    }

    [Fact]
    public void Null_is_no_command() =>
        Assert.Throws<ArgumentNullException>(() => new Aio.Batch(null!, null!));

    protected static Aio.FileCommand[] CommandsOf(Aio.Batch batch) => batch.Commands.ToArray();
}
