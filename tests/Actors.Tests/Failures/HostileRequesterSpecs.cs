using Akka.Actor;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>A requester's ref with code of its own that throws hurts nobody else, neither on the shard nor on the reaper.</summary>
public sealed class HostileRequesterSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    [Theory]
    [InlineData("a reply of the reaper")]
    [InlineData("a refusal")]
    [InlineData("an empty read")]
    [InlineData("a barrier")]
    [InlineData("a refused barrier")]
    [InlineData("a cancel")]
    [InlineData("figures")]
    [InlineData("an open")]
    public async Task The_shard_lives_on_and_others_get_their_replies(string kind)
    {
        var file = await NewFile(4 * Block);
        var hostile = new Hostile(Sys);
        Aio.Command command = kind switch
        {
            "a reply of the reaper" => new Aio.ReadInto(file, new byte[1], 0),
            "a refusal" => new Aio.RentRead(file, -1, 1),
            "an empty read" => new Aio.ReadInto(file, Memory<byte>.Empty, 0),
            "a barrier" => new Aio.SetLength(file, 4 * Block),
            "a refused barrier" => new Aio.Close(file),
            "a cancel" => new Aio.Cancel(new Aio.Flush(file)),
            "figures" => new Aio.GetStats(),
            _ => new Aio.Open(NewPath() + "/none"),
        };
        var other = await NewFile(4 * Block);
        if (kind == "a refused barrier")
        {
            await file.DisposeAsync();
        }

        var reads = new List<Aio.Command>();
        for (var i = 0; i < 5; i++)
        {
            Disk.Tell(command, hostile);
            reads.Add(Replies.Tell(new Aio.ReadInto(other, new byte[10], i)));
            reads.Add(Replies.Tell(new Aio.Write(other, new byte[Block], 0)));
        }

        await Task.WhenAll(reads.Select(Replies.Of));
        await Eventually(() => hostile.Told >= 5, "the hostile one has its replies too");
        Assert.All(reads, read => Assert.IsNotType<Aio.CommandFailed>(Replies.Of(read).Result));
        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        await Replies.Do<Aio.Closed>(new Aio.Close(other));
    }

    [Theory]
    [InlineData("a shard")]
    [InlineData("the manager")]
    [InlineData("the manager, in a batch")]
    public async Task A_refusal_does_not_restart_who_refuses(string where)
    {
        var file = await NewFile(4 * Block);
        var closed = await NewFile(Block);
        await closed.DisposeAsync();
        var hostile = new Hostile(Sys);
        var refused = new Aio.SetLength(file, -1);
        switch (where)
        {
            case "a shard":
                Ext.Shards[0].Ref.Tell(refused, hostile);
                break;
            case "the manager":
                Ext.Manager.Tell(refused, hostile);
                break;
            default:
                Ext.Manager.Tell(new Aio.Batch(refused, new Aio.RentRead(closed, 0, 1)), hostile);
                break;
        }

        await Eventually(() => hostile.Told > 0, "it is told");
        using (await file.RentReadAsync(0, 10).AsTask().WaitAsync(Patience.Long))
        {
            await using var other = await NewFile(Block);
        }

        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        Assert.False(Ext.Refuses);
    }

    [Fact]
    public async Task A_refusal_by_the_ref_does_not_throw_into_the_teller()
    {
        var file = await NewFile(Block);
        var hostile = new Hostile(Sys);
        Disk.Tell(new Aio.SetLength(file, -1), hostile);
        Assert.Equal(1, hostile.Told);
        await Sys.Terminate().WaitAsync(Patience.Long);
        Disk.Tell(new Aio.RentRead(file, 0, 1), hostile);
        Assert.Equal(2, hostile.Told);
    }

    [Fact]
    public async Task At_the_end_of_the_system_others_get_their_replies_beside_it()
    {
        for (var round = 0; round < 20; round++)
        {
            var engine = new MemoryEngine();
            var system = ActorSystem.Create($"end-{round}", SetupOf(
                EngineKind.Memory, engine, "akka.coordinated-shutdown.run-by-actor-system-terminate = off"));
            var aio = AioExt.Get(system);
            var file = await aio.OpenAsync("/memory/f", New with { PreallocationSize = 4 * Block });
            var hostile = new Hostile(system);
            var shard = aio.Shards[0].Ref;

            // Into the mailbox of an actor that does nothing more, as between a Stop and its end.
            ((IInternalActorRef)shard).Suspend();
            var reads = new List<Task<AioBuffer>>();
            for (var i = 0; i < 50; i++)
            {
                aio.Ref.Tell(new Aio.RentRead(file, 0, 1), hostile);
                reads.Add(file.RentReadAsync(0, 1).AsTask());
            }

            ((IInternalActorRef)shard).Stop();
            await system.Terminate().WaitAsync(Patience.Long);
            foreach (var read in reads)
            {
                await Assert.ThrowsAsync<AioAbortedException>(() => read.WaitAsync(Patience.Long));
            }

            Assert.Equal(50, hostile.Told);
        }
    }

    [Fact]
    public async Task A_ref_whose_own_members_throw_is_a_requester_like_any_other()
    {
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        var file = await NewFile(4 * Block);
        var rogue = new Rogue(Sys);
        for (var i = 0; i < 200; i++)
        {
            Disk.Tell(new Aio.ReadInto(file, new byte[2 * Block], 0), rogue); // most of them wait in the queue
        }

        var read = Replies.Tell(new Aio.ReadInto(file, new byte[10], 0));
        var counters = Ext.Shards[0].Counters;
        await Eventually(() => counters.Queued == 200 + 1 - 64 || counters.Restarts > 0, "most of them wait");
        Engine.OnOperation = null;
        await Eventually(() => Engine.Release() == 0 && rogue.Told == 200, "every one is answered");
        await Replies.Of<Aio.ReadIntoCompleted>(read);
        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
    }

    private sealed class Hostile(ActorSystem system) : MinimalActorRef
    {
        private int _told;

        public int Told => Volatile.Read(ref _told);

        public override ActorPath Path { get; } = new RootActorPath(system.Provider().DefaultAddress()) / "hostile";

        public override IActorRefProvider Provider => system.Provider();

        protected override void TellInternal(object message, IActorRef sender)
        {
            Interlocked.Increment(ref _told);
            throw new InvalidOperationException("no replies, please");
        }
    }

    private sealed class Rogue(ActorSystem system) : MinimalActorRef
    {
        private int _told;

        public int Told => Volatile.Read(ref _told);

        public override ActorPath Path => throw new InvalidOperationException("no path");

        public override IActorRefProvider Provider => system.Provider();

        public override bool Equals(object? obj) => throw new InvalidOperationException("equal to nobody");

        public override int GetHashCode() => throw new InvalidOperationException("no hash");

        protected override void TellInternal(object message, IActorRef sender)
        {
            Interlocked.Increment(ref _told);
            throw new InvalidOperationException("no replies, please");
        }
    }
}
