using System.Text;
using Akka.Actor;

namespace AkkaAio.Cluster.Tests;

/// <summary>What a client makes of an open that makes a file, and whose answer was lost.</summary>
public sealed class LostOpenAnswerSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(60);
    private static readonly AioClusterOpenOptions New = new() { Mode = FileMode.CreateNew };

    [Fact]
    public async Task A_file_that_the_first_telling_has_made_is_new_also_for_the_second()
    {
        var client = await ClientAsync();
        var tellings = 0;
        client.Region = cluster.Between(client, (request, owner, sender) =>
        {
            if (request.Epoch > 0 && request.Open is not null && ++tellings == 1)
            {
                owner.Tell(request, ActorRefs.NoSender); // performed, and its answer is lost
            }
            else
            {
                owner.Tell(request, sender);
            }
        });
        var file = await client.OpenAsync(NewName(), New).WaitAsync(Time);
        Assert.Equal(2, tellings);
        await file.WriteAsync("mine"u8.ToArray(), 0);
        await ExistsAsync(cluster.Node(2), file.Address, AioOutcome.NotPerformed);
        await ExistsAsync(client, file.Address, AioOutcome.NotPerformed); // another call of the same client
    }

    [Fact]
    public async Task A_file_that_an_earlier_owner_has_made_is_new_also_for_the_next_with_what_others_have_written()
    {
        var client = await ClientAsync();
        var lost = LoseAnswer(client);
        var name = NewName();
        var open = client.OpenAsync(name, New);
        await lost.Performed.Task.WaitAsync(Time);
        await cluster.StopOwnerAsync(name);
        var other = await cluster.Node(2).OpenAsync(name);
        await other.WriteAsync("others"u8.ToArray(), 0);
        lost.GoOn.SetResult();
        var file = await open.WaitAsync(Time);
        Assert.Equal((6L, "others"), (file.End, Encoding.ASCII.GetString((await file.ReadAsync(0, 10)).Span)));
        Assert.Equal(other.Identity, file.Identity);
    }

    [Fact]
    public async Task A_file_that_was_made_is_new_also_where_a_refusal_of_the_second_telling_is_answered_first()
    {
        var client = await ClientAsync();
        var tellings = 0;
        client.Region = cluster.Between(client, (request, owner, sender) =>
        {
            if (request.Epoch > 0 && request.Open is not null && ++tellings == 1)
            {
                owner.Tell(request, ActorRefs.NoSender);
                sender.Tell(new Wire.Reply { Failure = new Wire.Failure { Kind = Wire.FailureKind.FailureMoving, Message = "refused" } });
            }
            else
            {
                owner.Tell(request, sender);
            }
        });
        Assert.Equal(0, (await client.OpenAsync(NewName(), New).WaitAsync(Time)).End);
    }

    [Fact]
    public async Task A_file_that_another_client_has_made_in_its_place_exists_and_the_first_telling_may_have_happened()
    {
        var client = await ClientAsync();
        var lost = LoseAnswer(client);
        var name = NewName();
        var open = client.OpenAsync(name, New);
        await lost.Performed.Task.WaitAsync(Time);
        await cluster.Node(2).DeleteAsync(name);
        var other = await cluster.Node(2).OpenAsync(name, New);
        await other.WriteAsync("others"u8.ToArray(), 0);
        lost.GoOn.SetResult();
        var failed = await Assert.ThrowsAsync<AioClusterFileException>(() => open).WaitAsync(Time);
        Assert.Equal((AioClusterFailure.Exists, AioOutcome.MayHaveHappened), (failed.Failure, failed.Outcome));
        Assert.Equal(6, (await cluster.Node(0).StatAsync(name)).Length);
    }

    [Fact]
    public async Task A_file_that_was_deleted_before_the_second_telling_is_made_with_another_id()
    {
        var client = await ClientAsync();
        var lost = LoseAnswer(client);
        var name = NewName();
        var open = client.OpenAsync(name, New);
        await lost.Performed.Task.WaitAsync(Time);
        var other = await cluster.Node(2).OpenAsync(name);
        await cluster.Node(1).DeleteAsync(name);
        lost.GoOn.SetResult();
        _ = await open.WaitAsync(Time);
        var failed = await Assert.ThrowsAsync<AioClusterFileException>(() => other.WriteAsync("late"u8.ToArray(), 0));
        Assert.Equal(AioClusterFailure.Replaced, failed.Failure);
    }

    // The first request that makes a file is performed; its answer is lost, and what is told again until GoOn, too.
    private LostAnswer LoseAnswer(AioClusterExt client)
    {
        var lost = new LostAnswer();
        var isFirst = true;
        client.Region = cluster.Between(client, (request, owner, sender) =>
        {
            if (request.Epoch == 0 || lost.GoOn.Task.IsCompleted)
            {
                owner.Tell(request, sender);
            }
            else if (isFirst)
            {
                isFirst = false;
                owner.Ask<Wire.Reply>(request, Time).ContinueWith(done => lost.Performed.SetResult(done.Result), TaskScheduler.Default);
            }
        });
        return lost;
    }

    private static async Task ExistsAsync(AioClusterExt client, string name, AioOutcome outcome)
    {
        var failed = await Assert.ThrowsAsync<AioClusterFileException>(() => client.OpenAsync(name, New)).WaitAsync(Time);
        Assert.Equal((AioClusterFailure.Exists, outcome), (failed.Failure, failed.Outcome));
    }

    private string NewName() => $"{cluster.DiskOf(0)}/{Guid.NewGuid():N}";

    private async Task<AioClusterExt> ClientAsync() =>
        AioClusterExt.Get(await cluster.StartAsync(hocon: "akka.io.aio.cluster.attempt-timeout = 2s"));
}
