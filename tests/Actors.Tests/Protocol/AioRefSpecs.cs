using Akka.Actor;
using Akka.Event;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

/// <summary>What <c>system.Aio()</c> gives is a ref like any other.</summary>
public sealed class AioRefSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "akka.io.aio.shards = 2", output)
{
    [Fact]
    public async Task It_equals_and_serializes_as_the_manager()
    {
        Assert.StartsWith("akka://test/system/aio", Disk.Path.ToString(), StringComparison.Ordinal);
        var resolved = await Sys.ActorSelection("/system/aio").ResolveOne(Patience.Long);
        Assert.Equal(resolved, Disk);
        Assert.True(Disk.Equals(resolved));
        Assert.Equal(resolved.GetHashCode(), Disk.GetHashCode());
        Assert.Equal(resolved.Path, Disk.Path);
        Assert.Equal(Akka.Serialization.Serialization.SerializedActorPath(resolved),
            Akka.Serialization.Serialization.SerializedActorPath(Disk));
        Assert.Equal(Disk, Sys.Aio());
    }

    [Fact]
    public async Task A_serialized_ref_comes_back_as_one_that_serves_opens_and_files()
    {
        var bytes = Sys.Serialization.Serialize(Disk);
        var serializer = Sys.Serialization.FindSerializerFor(Disk);
        var back = serializer.FromBinary<IActorRef>(bytes);
        Assert.Equal(Disk, back);
        back.Tell(new Aio.Open(NewPath(), New), TestActor);
        var file = (await ExpectMsgAsync<Aio.Opened>()).File;
        back.Tell(new Aio.Flush(file), TestActor);
        await ExpectMsgAsync<Aio.Flushed>();
        back.Tell(new Aio.Write(file, new byte[Block], 0), TestActor);
        await ExpectMsgAsync<Aio.WriteCompleted>();
    }

    [Fact]
    public async Task An_actor_selection_serves_opens_and_files()
    {
        var file = await NewFile(Block);
        Sys.ActorSelection("/system/aio").Tell(new Aio.RentRead(file, 0, 7), TestActor);
        using var read = (await ExpectMsgAsync<Aio.RentReadCompleted>()).Buffer;
        Assert.Equal(7, read.Length);
    }

    [Fact]
    public async Task An_unknown_message_goes_to_the_manager_and_is_unhandled()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));
        Disk.Tell("what is this?", TestActor);
        var unhandled = await ExpectMsgAsync<UnhandledMessage>();
        Assert.Equal("what is this?", unhandled.Message);
        Assert.Equal(Disk, unhandled.Recipient);
        Assert.Single((await Stats()).Shards, shard => shard.Shard == 0);
    }

    [Fact]
    public async Task It_identifies_itself()
    {
        var identity = await Disk.Ask<ActorIdentity>(new Identify(1), Patience.Long);
        Assert.Equal(Disk, identity.Subject);
    }

    [Fact]
    public async Task Whoever_watches_it_is_told_of_the_manager_s_end()
    {
        var file = await NewFile(Block);
        var probe = CreateTestProbe();
        await probe.WatchAsync(Disk);
        ((IInternalActorRef)Ext.Manager).Stop(); // it refuses a PoisonPill
        await probe.ExpectTerminatedAsync(Disk);

        // The manager has gone, and with it the shards: refused typed, not lost.
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.RentRead(file, 0, 1));
        Assert.True(failed.Cause is AioClosedException or AioAbortedException, failed.ToString());
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        failed = await Replies.Do<Aio.CommandFailed>(new Aio.Flush(file));
        Assert.True(failed.Cause is AioClosedException or AioAbortedException, failed.ToString());
        failed = await Replies.Do<Aio.CommandFailed>(new Aio.Open(NewPath(), New));
        Assert.True(failed.Cause is AioClosedException or AioAbortedException, failed.ToString());
        await Replies.Of(Replies.Tell(new Aio.GetStats()));
    }

    [Fact]
    public async Task It_does_not_stop_before_the_system_does()
    {
        var file = await NewFile(Block);
        Disk.Tell(PoisonPill.Instance);
        Disk.Tell(Kill.Instance);
        Sys.Stop(Disk);
        Assert.Equal(2, (await Stats()).Shards.Count);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
    }

    [Fact]
    public async Task Watch_and_unwatch_are_harmless()
    {
        var probe = CreateTestProbe();
        await probe.WatchAsync(Disk);
        await probe.UnwatchAsync(Disk);
        Assert.False(probe.HasMessages);
        Assert.Equal(2, (await Stats()).Shards.Count);
    }

    [Fact]
    public async Task A_message_without_a_sender_is_done_and_its_reply_lost_without_a_trace()
    {
        var file = await NewFile(Block);
        Disk.Tell(new Aio.Write(file, Pattern(Block), 0), ActorRefs.NoSender);
        Disk.Tell(new Aio.RentRead(file, 0, Block), ActorRefs.NoSender);
        Disk.Tell(new Aio.Flush(file), ActorRefs.NoSender);
        Disk.Tell(new Aio.SetLength(file, -1), ActorRefs.NoSender);
        Disk.Tell(new Aio.Cancel(new Aio.Flush(file)), ActorRefs.NoSender);
        Disk.Tell(new Aio.Open(NewPath(), New), ActorRefs.NoSender);
        await Fence(file);
        Assert.Equal(Pattern(Block), ContentOf(file));
        await Eventually(() => Pool.RentedBuffers == 0, "the lost read's buffer is back");
        await AwaitAssertAsync(async () => Assert.Equal(1, (await Stats()).OpenFiles));
    }

    [Fact]
    public void Messages_are_local_and_never_verified_by_serialization()
    {
        var messages = typeof(Aio).GetNestedTypes()
            .Where(type => !type.IsAbstract && typeof(Aio.Message).IsAssignableFrom(type)).ToArray();
        Assert.Contains(typeof(Aio.RentReadCompleted), messages);
        Assert.InRange(messages.Length, 20, 100);
        Assert.All(messages, type => Assert.True(typeof(INoSerializationVerificationNeeded).IsAssignableFrom(type)));
    }

    [Fact]
    public async Task The_extension_loads_from_the_configuration()
    {
        var system = ActorSystem.Create("loaded", ConfigOf(
            """akka { extensions = ["AkkaAio.Aio, AkkaAio"], io.aio.engine = thread-pool }"""));
        try
        {
            Assert.True(system.HasExtension<AioExt>());
            Assert.Equal("thread-pool", AioExt.Get(system).Settings.Engine);
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience.Long);
        }
    }
}
