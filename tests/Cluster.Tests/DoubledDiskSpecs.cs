using Akka.Actor;
using Akka.Cluster;

namespace AkkaAio.Cluster.Tests;

/// <summary>A disk whose folder was copied to another node.</summary>
public sealed class DoubledDiskSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_node_that_comes_later_leaves_and_the_files_of_the_first_are_served()
    {
        var copy = cluster.FolderOf(9);
        File.Copy(Path.Combine(cluster.FolderOf(0), "akkaaio.disk"), Path.Combine(copy, "akkaaio.disk"));
        var second = cluster.Create(copy);
        await second.WhenTerminated.WaitAsync(Time);
        Assert.IsType<CoordinatedShutdown.Reason>(CoordinatedShutdown.Get(second).ShutdownReason, exactMatch: false);
        Assert.Equal("DoubledDisk", CoordinatedShutdown.Get(second).ShutdownReason.GetType().Name);
        var file = await cluster.Node(1).OpenAsync($"{cluster.DiskOf(0)}/a", new() { Mode = FileMode.CreateNew });
        await file.WriteAsync(new byte[10], 0);
        Assert.Equal(MemberStatus.Up, cluster.Node(0).Cluster.SelfMember.Status);
    }

    [Fact]
    public async Task While_two_nodes_say_that_they_have_a_disk_a_call_fails_and_says_so()
    {
        var disk = Guid.NewGuid().ToString("N");
        const string Short = """
            akka.io.aio.cluster { call-timeout = 1s, attempt-timeout = 200ms }
            akka.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout = 500ms
            """;
        var client = await cluster.StartAsync(hocon: $"akka.cluster.roles = [disk-{disk}]\n{Short}");
        var none = await Assert.ThrowsAsync<AioClusterFileException>(() => AioClusterExt.Get(client).OpenAsync($"{Guid.NewGuid():N}/a"));
        Assert.Equal((AioClusterFailure.Unavailable, AioOutcome.NotPerformed), (none.Failure, none.Outcome));
        Assert.Contains("on no node that is up", none.Message, StringComparison.Ordinal);
        var other = await cluster.StartAsync(hocon: $"akka.cluster.roles = [disk-{disk}]");
        var doubled = await Assert.ThrowsAsync<AioClusterFileException>(() => AioClusterExt.Get(client).OpenAsync($"{disk}/a"));
        Assert.Equal((AioClusterFailure.DiskDoubled, AioOutcome.NotPerformed), (doubled.Failure, doubled.Outcome));
        Assert.Contains(Akka.Cluster.Cluster.Get(other).SelfAddress.ToString(), doubled.Message, StringComparison.Ordinal);
        await cluster.StopAsync(other);
        await cluster.StopAsync(client);
    }
}
