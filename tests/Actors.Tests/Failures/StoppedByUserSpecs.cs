using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

public sealed class StoppedByUserSpecsOnLinuxAio(ITestOutputHelper output) : StoppedByUserSpecs(EngineKind.LinuxAio, "", output);

public sealed class StoppedByUserSpecsOnReaperThread(ITestOutputHelper output)
    : StoppedByUserSpecs(EngineKind.LinuxAio, "akka.io.aio.reap.thread = own", output)
{
    [SkippableTheory]
    [InlineData("/system/aio/shard-0/reaper")]
    public Task A_reaper_is_as_safe(string path) => CannotBeStopped(path);

    [SkippableFact]
    public Task A_Kill_of_the_reaper_restarts_the_shard() => KilledAt("/system/aio/shard-0/reaper");
}

public sealed class StoppedByUserSpecsOnMemory(ITestOutputHelper output) : StoppedByUserSpecs(EngineKind.Memory, "", output);

/// <summary>No ref that a user has, nor a selection by path, ends a shard, its reaper or the manager: a PoisonPill is refused, and what a
/// selection resolves to cannot stop it.</summary>
public abstract class StoppedByUserSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    [SkippableTheory]
    [InlineData("/system/aio")]
    [InlineData("/system/aio/shard-0")]
    [InlineData("/system/aio/end")]
    public async Task A_PoisonPill_by_path_changes_nothing(string path)
    {
        var file = await FileOf(Pattern(64 * Block));
        for (var i = 0; i < 20; i++)
        {
            Sys.ActorSelection(path).Tell(PoisonPill.Instance);
            await ReadAll(file);
        }

        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        await file.DisposeAsync();
    }

    [SkippableTheory]
    [InlineData("/system/aio")]
    [InlineData("/system/aio/shard-0")]
    [InlineData("/system/aio/end")]
    public Task A_ref_that_a_selection_resolves_to_cannot_stop_the_actor(string path) => CannotBeStopped(path);

    protected async Task CannotBeStopped(string path)
    {
        var file = await FileOf(Pattern(64 * Block));
        var resolved = await Sys.ActorSelection(path).ResolveOne(Patience.Long);
        var probe = CreateTestProbe();
        resolved.Tell(new Identify(7), probe.Ref);
        var identity = await probe.ExpectMsgAsync<ActorIdentity>(Patience.Long);
        Assert.Equal(7, identity.MessageId);
        Assert.EndsWith(path, resolved.Path.ToStringWithoutAddress(), StringComparison.Ordinal);
        await probe.WatchAsync(resolved);
        foreach (var actor in new[] { resolved, identity.Subject, probe.LastSender })
        {
            Assert.Equal(resolved, actor);
            Sys.Stop(actor);
            ((IInternalActorRef)actor).Stop();
            actor.Tell(PoisonPill.Instance);
            actor.Tell(Kill.Instance);
            await ReadAll(file);
        }

        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        Assert.Equal(resolved, await Sys.ActorSelection(path).ResolveOne(Patience.Long)); // the same incarnation
        await file.DisposeAsync();
        await Sys.Terminate().WaitAsync(Patience.Long);
        await Eventually(() => Ext.Shards[0].HasEnded, "it ends with the system");
    }

    [SkippableFact]
    public Task A_Kill_by_path_restarts_the_shard() => KilledAt("/system/aio/shard-0");

    protected async Task KilledAt(string path)
    {
        var file = await FileOf(Pattern(64 * Block));
        Sys.ActorSelection(path).Tell(Kill.Instance);
        await Eventually(() => Ext.Shards[0].Counters.Restarts == 1 && Ext.Shards[0].Context is not null, "it has restarted");
        await ReadAll(file);
        await file.DisposeAsync();
    }

    [SkippableFact]
    public async Task A_Kill_of_the_manager_changes_nothing()
    {
        var file = await FileOf(Pattern(64 * Block));
        Sys.ActorSelection("/system/aio").Tell(Kill.Instance);
        await Stats();
        await ReadAll(file);
        Assert.False(Ext.Refuses);
    }

    [SkippableFact]
    public async Task The_Sender_of_a_reply_cannot_be_stopped()
    {
        var file = await FileOf(Pattern(64 * Block));
        var probe = CreateTestProbe();
        var senders = new HashSet<IActorRef>();
        Aio.Command[] commands =
        [
            new Aio.ReadInto(file, new byte[10], 0), new Aio.ReadInto(file, new byte[Block], 0), new Aio.Write(file, new byte[Block], 0),
            new Aio.Flush(file), new Aio.RentRead(file, -1, 1), new Aio.AwaitRoom(file), new Aio.Cancel(new Aio.Flush(file)),
            new Aio.SetLength(file, 64 * Block), new Aio.SetLength(file, -1), new Aio.GetStats(), new Aio.Open(file.Path),
        ];
        foreach (var command in commands)
        {
            Disk.Tell(command, probe.Ref);
            await probe.ExpectMsgAsync<Aio.Event>(Patience.Long);
            var sender = probe.LastSender;
            senders.Add(sender);
            sender.Tell(PoisonPill.Instance);
            sender.Tell(Kill.Instance);
            ((IInternalActorRef)sender).Stop();
            Sys.Stop(sender);
        }

        Assert.Equal(2, senders.Count); // the shard's and system.Aio()
        await ReadAll(file);
        Assert.Equal(0, (await Stats()).Shards[0].Restarts);

        // Otherwise it is a ref like any other.
        var shard = senders.Single(sender => !sender.Equals(Disk));
        shard.Tell(new Aio.ReadInto(file, new byte[10], 0), probe.Ref);
        await probe.ExpectMsgAsync<Aio.ReadIntoCompleted>(Patience.Long);
        await probe.WatchAsync(shard);
        await Sys.Terminate().WaitAsync(Patience.Long);
    }

    private static async Task ReadAll(AioFile file)
    {
        for (var i = 0; i < 64; i++)
        {
            Assert.Equal(10, await file.ReadAsync(new byte[10], i * Block).AsTask().WaitAsync(Patience.Long));
        }
    }
}
