using Akka.Actor;
using AkkaAio.Cluster.Owner;

namespace AkkaAio.Cluster.Tests;

/// <summary>Logs with damage in them: reported, and never cut.</summary>
public sealed class DamagedLogSpecs(ClusterFixture cluster) : NodeSpecs(cluster), IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Damage_with_whole_frames_behind_it_is_reported_and_nothing_is_cut_off()
    {
        var (log, ends) = await LogAsync(AioDurability.Dsync, AioDurability.Dsync, AioDurability.Dsync, AioDurability.Dsync);
        await DamageAsync(log, ends[0]);
        var read = new List<long>();
        var damaged = await Assert.ThrowsAsync<AioClusterFileException>(async () =>
        {
            await foreach (var record in log.ReadLogAsync())
            {
                read.Add(record.Next);
            }
        });
        Assert.Equal((AioClusterFailure.Damaged, AioOutcome.NotPerformed), (damaged.Failure, damaged.Outcome));
        Assert.Equal(ends[..1], read);
        Assert.Equal(ends[2..], await log.ReadLogAsync(ends[1]).Select(record => record.Next).ToArrayAsync());
        var refused = await Assert.ThrowsAsync<AioClusterFileException>(() => log.AppendAsync(new byte[10]));
        Assert.Equal((AioClusterFailure.Damaged, AioOutcome.NotPerformed), (refused.Failure, refused.Outcome));
        Assert.Contains($"damaged at {ends[0]}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ends[^1], new FileInfo(PathOf(log)).Length);
    }

    [Fact]
    public async Task A_tail_that_was_not_durable_is_cut_and_the_log_goes_on()
    {
        var (log, ends) = await LogAsync(AioDurability.Dsync, AioDurability.None, AioDurability.None, AioDurability.None);
        await DamageAsync(log, ends[0]);
        Assert.Equal(1, await log.ReadLogAsync().CountAsync());
        Assert.Equal(ends[0] * 2, await log.AppendAsync(new byte[10]));
        Assert.Equal(2, await log.ReadLogAsync().CountAsync());
    }

    [Fact]
    public async Task A_durable_append_makes_durable_what_is_before_it()
    {
        var (log, ends) = await LogAsync(AioDurability.None, AioDurability.Dsync, AioDurability.Dsync);
        await DamageAsync(log, 0); // as a power cut would leave it, had the second not flushed the first
        Assert.Equal(
            AioClusterFailure.Damaged, (await Assert.ThrowsAsync<AioClusterFileException>(() => log.AppendAsync(new byte[10]))).Failure);
        Assert.Equal(ends[^1], new FileInfo(PathOf(log)).Length);
    }

    private string PathOf(AioClusterFile file) => Path.Combine(Cluster.FolderOf(0), "files", file.Address.Split('/')[1]);

    private async Task<(AioClusterFile Log, long[] Ends)> LogAsync(params AioDurability[] appends)
    {
        var log = await Cluster.Node(1).OpenAsync(NewAddress(), new() { Mode = FileMode.CreateNew, Kind = AioClusterFileKind.Log });
        var ends = new List<long>();
        foreach (var durability in appends)
        {
            ends.Add(await log.AppendAsync(new byte[10], durability));
        }

        return (log, [.. ends]);
    }

    private async Task DamageAsync(AioClusterFile log, long at)
    {
        Assert.True(await (await OwnerOfAsync(log.Address)).GracefulStop(Time, StopOwner.Instance));
        await using var file = new FileStream(PathOf(log), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = at;
        file.Write(new byte[20]);
    }
}
