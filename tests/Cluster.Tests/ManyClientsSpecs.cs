using AkkaAio.Cluster.Owner;
using Google.Protobuf;

namespace AkkaAio.Cluster.Tests;

/// <summary>What an owner remembers of its clients is bounded, and none of their late duplicates is performed.</summary>
public sealed class ManyClientsSpecs(ClusterFixture cluster) : NodeSpecs(cluster), IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task One_client_too_many_opens_the_file_anew_and_duplicates_of_those_before_are_moved()
    {
        var (file, opened) = await CreateAsync(Wire.Kind.Plain);
        var first = Write(file, opened, Guid.NewGuid());
        Assert.NotNull((await AskAsync(first)).Done);
        var replies = await Task.WhenAll(
            Enumerable.Range(1, FileOwner.MostClients - 1).Select(_ => AskAsync(Write(file, opened, Guid.NewGuid()))));
        Assert.All(replies, reply => Assert.NotNull(reply.Done));
        Assert.NotNull((await AskAsync(first)).Done); // remembered
        var moved = (await AskAsync(Write(file, opened, Guid.NewGuid()))).Moved;
        Assert.True(moved.Epoch > opened.Epoch);
        Assert.Equal(moved, (await AskAsync(first)).Moved);
        Assert.Equal(1, (await Cluster.Node(1).StatAsync(file)).Length);
    }

    private static Wire.Request Write(string file, Wire.FileOpened opened, Guid client)
    {
        var request = Change(file, opened, client, 1);
        request.WriteAt = new Wire.WriteAt { Data = ByteString.CopyFrom(1) };
        return request;
    }
}
