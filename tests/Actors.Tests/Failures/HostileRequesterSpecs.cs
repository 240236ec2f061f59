using Akka.Actor;
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
            "a reply of the reaper" => new Aio.ReadInto(file, 0, new byte[1]),
            "a refusal" => new Aio.Read(file, -1, 1),
            "an empty read" => new Aio.ReadInto(file, 0, Memory<byte>.Empty),
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
            reads.Add(Replies.Tell(new Aio.ReadInto(other, i, new byte[10])));
            reads.Add(Replies.Tell(new Aio.Write(other, 0, new byte[Block])));
        }

        await Task.WhenAll(reads.Select(Replies.Of));
        await Eventually(() => hostile.Told >= 5, "the hostile one has its replies too");
        Assert.All(reads, read => Assert.IsNotType<Aio.CommandFailed>(Replies.Of(read).Result));
        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        await Replies.Do<Aio.Closed>(new Aio.Close(other));
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
}
