namespace AkkaAio.Cluster.Tests;

/// <summary>What a later version may send: answered as unsupported, and nothing is done.</summary>
public sealed class LaterVersionSpecs(ClusterFixture cluster) : NodeSpecs(cluster), IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task An_operation_that_is_not_known_is_unsupported_of_a_disk_and_of_a_file()
    {
        foreach (var file in new[] { $"{Cluster.DiskOf(0)}/", NewAddress() })
        {
            Assert.Contains(
                "operation", (await AskAsync(new Wire.Request { File = file })).Unsupported?.Manifest ?? "", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_kind_of_file_that_is_not_known_is_unsupported_and_makes_no_file()
    {
        var file = NewAddress();
        var open = new Wire.Request { File = file, Open = new Wire.OpenFile { Create = true, Kind = (Wire.Kind)7 } };
        Assert.Equal("files of kind 7", (await AskAsync(open)).Unsupported?.Manifest);
        var stat = new Wire.Request { File = file, GetStat = new Wire.GetStat() };
        Assert.Equal(Wire.FailureKind.FailureNotFound, (await AskAsync(stat)).Failure.Kind);
        var refused = await Assert.ThrowsAsync<AioClusterFileException>(
            () => Cluster.Node(1).OpenAsync(file, new() { Mode = FileMode.OpenOrCreate, Kind = (AioClusterFileKind)7 }));
        Assert.Equal((AioClusterFailure.Unsupported, AioOutcome.NotPerformed), (refused.Failure, refused.Outcome));
    }
}
