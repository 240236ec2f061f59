using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class ScenarioSpecsOnLinuxAio(ITestOutputHelper output) : ScenarioSpecs(EngineKind.LinuxAio, output);

public sealed class ScenarioSpecsOnMemory(ITestOutputHelper output) : ScenarioSpecs(EngineKind.Memory, output);

/// <summary>The protocol as an actor sees it.</summary>
public abstract class ScenarioSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "akka.io.aio.shards = 4", output)
{
    [SkippableFact]
    public async Task Open_write_flush_read_close()
    {
        Disk.Tell(new Aio.Open(NewPath(), New), TestActor);
        var file = (await ExpectMsgAsync<Aio.Opened>()).File;
        var data = Pattern(3 * Block);

        Disk.Tell(new Aio.Write(file, data, Block), TestActor);
        await ExpectMsgAsync<Aio.WriteCompleted>();
        Disk.Tell(new Aio.Flush(file), TestActor);
        await ExpectMsgAsync<Aio.Flushed>();
        Disk.Tell(new Aio.RentRead(file, Block, data.Length), TestActor);
        using (var read = (await ExpectMsgAsync<Aio.RentReadCompleted>()).Buffer)
        {
            Assert.Equal(data, read.GetSpan());
        }

        Disk.Tell(new Aio.Close(file), TestActor);
        await ExpectMsgAsync<Aio.Closed>();
        Assert.Equal(4 * Block, file.Length);
        Assert.Equal([.. new byte[Block], .. data], OnDisk(file.Path));
    }

    [SkippableFact]
    public async Task Many_files_spread_over_many_shards_and_keep_apart()
    {
        var files = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => NewFile()));
        foreach (var (file, i) in files.Select((file, i) => (file, i)))
        {
            for (var block = 0; block < 4; block++)
            {
                Replies.Tell(new Aio.Write(file, Pattern(Block, (i * 4) + block), block * Block));
            }
        }

        await Eventually(() => Replies.Count == 256, "256 writes are answered");
        Assert.All(Replies.InOrder, reply => Assert.IsType<Aio.WriteCompleted>(reply));
        Assert.Equal(4, files.Select(file => file.Shard).Distinct().Count());
        for (var i = 0; i < files.Length; i++)
        {
            var expected = Enumerable.Range(0, 4).SelectMany(block => Pattern(Block, (i * 4) + block)).ToArray();
            using var read = await files[i].RentReadAsync(0, 4 * Block);
            Assert.Equal(expected, read.GetSpan());
            Assert.Equal(expected, ContentOf(files[i]));
        }
    }

    [SkippableFact]
    public async Task Every_kind_of_reply_carries_the_very_command_object_and_its_token()
    {
        var token = new object();
        var probe = CreateTestProbe();
        async Task<T> Told<T>(Aio.Command command)
            where T : Aio.Event
        {
            Disk.Tell(command, probe.Ref);
            var reply = await probe.ExpectMsgAsync<T>();
            Assert.Same(command, reply.Command);
            Assert.Same(token, reply.Token);
            return reply;
        }

        var file = (await Told<Aio.Opened>(new Aio.Open(NewPath(), New) { Token = token })).File;
        await Told<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0) { Token = token });
        await Told<Aio.WriteCompleted>(new Aio.Write(file, ReadOnlyMemory<byte>.Empty, 0) { Token = token });
        (await Told<Aio.RentReadCompleted>(new Aio.RentRead(file, 0, 10) { Token = token })).Buffer.Dispose();
        (await Told<Aio.RentReadCompleted>(new Aio.RentRead(file, 0, 0) { Token = token })).Buffer.Dispose();
        await Told<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, new byte[10], 0) { Token = token });
        await Told<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, Memory<byte>.Empty, 0) { Token = token });
        await Told<Aio.Flushed>(new Aio.Flush(file) { Token = token });
        await Told<Aio.LengthSet>(new Aio.SetLength(file, 2 * Block) { Token = token });
        await Told<Aio.Allocated>(new Aio.Allocate(file, 0, 4 * Block) { Token = token });
        await Told<Aio.Canceled>(new Aio.Cancel(new Aio.Flush(file)) { Token = token });
        await Told<Aio.Stats>(new Aio.GetStats { Token = token });
        await Told<Aio.CommandFailed>(new Aio.Open(NewPath() + "/none") { Token = token });
        await Told<Aio.CommandFailed>(new Aio.RentRead(file, -1, 10) { Token = token });
        await Told<Aio.CommandFailed>(new Aio.Write(file, new byte[10], 1) { Token = token });
        await Told<Aio.CommandFailed>(new Aio.SetLength(file, -1) { Token = token });
        await Told<Aio.Closed>(new Aio.Close(file) { Token = token });
        await Told<Aio.CommandFailed>(new Aio.Flush(file) { Token = token });
        await Told<Aio.CommandFailed>(new Aio.Close(file) { Token = token });
        Assert.False(probe.HasMessages);
    }

    [SkippableFact]
    public async Task The_sender_of_a_reply_is_the_file_s_shard_and_never_the_reaper()
    {
        var file = await NewFile(Block);
        var probe = CreateTestProbe();
        Aio.FileCommand[] commands =
        [
            new Aio.Write(file, new byte[Block], 0), new Aio.RentRead(file, 0, 1), new Aio.ReadInto(file, new byte[8], 0),
            new Aio.Flush(file), new Aio.SetLength(file, Block), new Aio.Allocate(file, 0, Block), new Aio.RentRead(file, 0, 0),
            new Aio.RentRead(file, -1, 0), new Aio.Write(file, new byte[1], 1), new Aio.SetLength(file, -1),
            new Aio.Cancel(new Aio.RentRead(file, 0, 1)), new Aio.Close(file), new Aio.Close(file), new Aio.RentRead(file, 0, 1),
        ];
        foreach (var command in commands)
        {
            Disk.Tell(command, probe.Ref);
            var reply = await probe.ExpectMsgAsync<Aio.Event>();
            (reply as Aio.RentReadCompleted)?.Buffer.Dispose();
            Assert.Equal(file.Shard, probe.LastSender);
        }
    }

    [SkippableFact]
    public async Task A_reply_to_the_sender_of_a_reply_reaches_the_file()
    {
        var file = await NewFile(Block);
        Disk.Tell(new Aio.RentRead(file, 0, 1), TestActor);
        (await ExpectMsgAsync<Aio.RentReadCompleted>()).Buffer.Dispose();
        LastSender.Tell(new Aio.RentRead(file, 0, 2), TestActor);
        var read = await ExpectMsgAsync<Aio.RentReadCompleted>();
        Assert.Equal(2, read.Count);
        read.Buffer.Dispose();
    }

    [SkippableFact]
    public async Task A_command_told_with_forward_is_answered_to_the_first_sender()
    {
        var file = await NewFile(Block);
        var middle = Sys.ActorOf(Props.Create(() => new Forwarder(Disk)));
        middle.Tell(new Aio.Flush(file), TestActor);
        await ExpectMsgAsync<Aio.Flushed>();
    }

    [SkippableFact]
    public async Task GetStats_counts_what_was_done()
    {
        var file = await NewFile();
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[2 * Block], 0));
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        (await Replies.Do<Aio.RentReadCompleted>(new Aio.RentRead(file, 3, 100))).Buffer.Dispose();
        await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, new byte[Block], 0));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        using var kept = Pool.Rent(1);

        var stats = await StatsAfter(5);

        Assert.Equal(NameOf(Kind), stats.Engine);
        Assert.Equal(1, stats.OpenFiles);
        Assert.Equal(4, stats.Shards.Count);
        Assert.Equal([0, 1, 2, 3], stats.Shards.Select(shard => shard.Shard));
        Assert.All(stats.Shards, shard => Assert.Equal(64, shard.Depth));
        Assert.Equal(2, stats.Shards.Sum(shard => shard.Writes));
        Assert.Equal(3 * Block, stats.Shards.Sum(shard => shard.WrittenBytes));
        Assert.Equal(2, stats.Shards.Sum(shard => shard.Reads));
        Assert.Equal(100 + Block, stats.Shards.Sum(shard => shard.ReadBytes));
        Assert.Equal(1, stats.Shards.Sum(shard => shard.DataSyncs));
        Assert.Equal(5, stats.Shards.Sum(shard => shard.Submitted));
        Assert.Equal(5, stats.Shards.Sum(shard => shard.Submits));
        Assert.Equal(5, stats.Shards.Sum(shard => shard.Reaped));
        Assert.Equal(0, stats.Shards.Sum(shard => shard.Errors + shard.Overloads + shard.FlowControlled + shard.Restarts));
        Assert.Equal(1, stats.RentedBuffers);
        Assert.Equal(Pool.BudgetBytes, stats.PoolBudgetBytes);
        Assert.InRange(stats.PoolAllocatedBytes, Block, Pool.BudgetBytes);
        Assert.Single(stats.Shards, shard => shard.Submits > 0);
        Assert.True(stats.Shards.Max(shard => shard.SubmitLatency.Max) > TimeSpan.Zero);
    }

    [SkippableFact]
    public async Task GetStats_counts_open_files_down_again()
    {
        var files = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => NewFile()));
        Assert.Equal(5, (await Stats()).OpenFiles);
        foreach (var file in files)
        {
            await file.DisposeAsync();
        }

        await AwaitAssertAsync(async () => Assert.Equal(0, (await Stats()).OpenFiles));
    }

    private sealed class Forwarder(IActorRef to) : UntypedActor
    {
        protected override void OnReceive(object message) => to.Forward(message);
    }
}
