using Akka.Actor;

namespace AkkaAio.Cluster.Tests;

/// <summary>What a client makes of a change whose answer was lost, or that came twice.</summary>
public sealed class LostAnswerSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task A_file_that_a_duplicate_has_deleted_before_is_deleted()
    {
        var (client, file) = await NewFileAsync();
        client.Region = Way(client, (request, owner, sender) =>
        {
            if (request.OperationCase == Wire.Request.OperationOneofCase.Delete)
            {
                owner.Tell(request, ActorRefs.NoSender);
            }

            owner.Tell(request, sender);
        });
        await client.DeleteAsync(file.Address);
        var gone = await Assert.ThrowsAsync<AioClusterFileException>(() => cluster.Node(0).StatAsync(file.Address));
        Assert.Equal(AioClusterFailure.NotFound, gone.Failure);
    }

    [Fact]
    public async Task A_change_that_an_earlier_owner_may_have_made_may_have_happened_also_when_the_next_owner_refuses_it()
    {
        var (client, file) = await NewFileAsync();
        await file.WriteAsync(0, new byte[100]);
        var opened = (await client.Region.Ask<Wire.Reply>(new Wire.Request { File = file.Address, Open = new() }, TimeSpan.FromSeconds(20))).Opened;
        var attempts = 0;
        client.Region = Way(client, (request, owner, sender) =>
        {
            switch (++attempts)
            {
                case 1:
                    owner.Tell(request, ActorRefs.NoSender); // performed, and its answer is lost
                    break;
                case 2:
                    sender.Tell(new Wire.Reply { Moved = new Wire.Moved { FileId = opened.FileId, Epoch = opened.Epoch + 1 } });
                    break;
                default:
                    sender.Tell(new Wire.Reply { Failure = new Wire.Failure { Kind = Wire.FailureKind.FailureIo, Message = "refused" } });
                    break;
            }
        });
        var failed = await Assert.ThrowsAsync<AioClusterFileException>(() => file.TruncateAsync(100, 10));
        Assert.Equal((AioClusterFailure.Io, AioOutcome.MayHaveHappened), (failed.Failure, failed.Outcome));
        Assert.Equal(10, (await cluster.Node(0).StatAsync(file.Address)).Length);
    }

    private async Task<(AioClusterExt Client, AioClusterFile File)> NewFileAsync()
    {
        var client = AioClusterExt.Get(await cluster.StartAsync(hocon: "akka.io.aio.cluster.attempt-timeout = 300ms"));
        return (client, await client.OpenAsync($"{cluster.DiskOf(0)}/{Guid.NewGuid():N}", new() { Mode = FileMode.CreateNew }));
    }

    // Between a client and the owners.
    private IActorRef Way(AioClusterExt client, Action<Wire.Request, IActorRef, IActorRef> onRequest)
    {
        var owner = client.Region;
        return cluster.Systems.Single(system => AioClusterExt.Get(system) == client).ActorOf(Props.Create(() => new Between(owner, onRequest)));
    }

    private sealed class Between : ReceiveActor
    {
        public Between(IActorRef owner, Action<Wire.Request, IActorRef, IActorRef> onRequest) =>
            Receive<Wire.Request>(request => onRequest(request, owner, Sender));
    }
}
