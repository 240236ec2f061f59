using Akka.Actor;
using AkkaAio.Cluster.Logs;
using AkkaAio.Cluster.Owner;
using Google.Protobuf;

namespace AkkaAio.Cluster.Tests;

/// <summary>Requests told by hand to a file's owner: in another order, twice, and as no client of ours sends them.</summary>
public sealed class OwnerSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(20);
    private static int s_files;

    [Fact]
    public async Task An_append_that_an_earlier_owner_performed_succeeds_also_while_others_are_under_way()
    {
        var (file, opened) = await OpenAsync(Wire.Kind.Log);
        var first = await AskAsync(Append(file, opened, Guid.NewGuid(), 1, 0, [7]));
        var writer = Guid.NewGuid();
        var mine = await AskAsync(Append(file, opened, writer, 1, first.Done.End, [8]));
        for (var round = 0; round < 20; round++)
        {
            var end = (await AskAsync(new Wire.Request { File = file, GetStat = new Wire.GetStat() })).Stat.Length;
            var other = Append(file, opened, Guid.NewGuid(), 1, end, new byte[60_000]);
            var again = Append(file, opened, writer, (ulong)(2 + round), first.Done.End, [8]);
            var under = cluster.Node(0).Region.Ask<Wire.Reply>(other, Time);
            var reply = await AskAsync(again);
            Assert.Equal(mine, reply); // WrongEnd would make its client append it a second time
            _ = (await under).Done.End;
        }
    }

    [Fact]
    public async Task A_change_that_was_refused_stays_refused_when_it_comes_late()
    {
        var (file, opened) = await OpenAsync(Wire.Kind.Plain);
        var (one, two) = (Guid.NewGuid(), Guid.NewGuid());
        Assert.Equal(10, (await AskAsync(Append(file, opened, two, 1, 0, new byte[10]))).Done.End);
        var late = Append(file, opened, one, 1, 4, [1, 2]);
        Assert.Equal(10, (await AskAsync(late)).WrongEnd.End);
        var cut = Append(file, opened, two, 2, 0, []);
        (cut.AppendAt, cut.Truncate) = (null, new Wire.Truncate { ExpectedEnd = 10, NewEnd = 4 });
        Assert.Equal(4, (await AskAsync(cut)).Done.End);
        Assert.Equal(10, (await AskAsync(late)).WrongEnd.End);
        Assert.Equal(4, (await AskAsync(new Wire.Request { File = file, GetStat = new Wire.GetStat() })).Stat.Length);
    }

    [Fact]
    public async Task What_no_client_sends_is_refused_typed_and_changes_nothing()
    {
        var (file, opened) = await OpenAsync(Wire.Kind.Plain);
        var client = Guid.NewGuid();
        foreach (var offset in new[] { -1, long.MinValue, long.MaxValue })
        {
            Assert.Equal(Wire.FailureKind.FailureBadArgument, (await AskAsync(Append(file, opened, client, 1, offset, [1]))).Failure.Kind);
            Assert.Equal(
                Wire.FailureKind.FailureBadArgument,
                (await AskAsync(new Wire.Request { File = file, ReadAt = new Wire.ReadAt { Offset = offset, Length = 1 } })).Failure.Kind);
        }

        foreach (var length in new[] { -1, int.MinValue, int.MaxValue })
        {
            Assert.Equal(
                Wire.FailureKind.FailureBadArgument,
                (await AskAsync(new Wire.Request { File = file, ReadAt = new Wire.ReadAt { Length = length } })).Failure.Kind);
        }

        Assert.Equal(Wire.FailureKind.FailureBadArgument, (await AskAsync(Append(file, opened, client, 0, 0, [1]))).Failure.Kind);
        var garbage = Append(file, opened, client, 1, 0, [1]);
        garbage.Client = ByteString.CopyFrom(1, 2, 3);
        Assert.Equal(Wire.FailureKind.FailureBadArgument, (await AskAsync(garbage)).Failure.Kind);
        var stale = Append(file, opened, client, 1, 0, [1]);
        stale.Epoch--;
        Assert.Equal(opened.Epoch, (await AskAsync(stale)).Moved.Epoch);
        var other = Append(file, opened, client, 1, 0, [1]);
        other.FileId = Replies.BytesOf(Guid.NewGuid());
        Assert.Equal(opened.FileId, (await AskAsync(other)).Moved.FileId);
        Assert.NotNull((await AskAsync(new Wire.Request { File = file })).Unsupported);
        Assert.Equal(0, (await AskAsync(new Wire.Request { File = file, GetStat = new Wire.GetStat() })).Stat.Length);
    }

    [Fact]
    public async Task A_log_is_not_cut_because_a_frame_is_longer_than_max_transfer_is_now_or_of_a_later_epoch()
    {
        var path = Path.Combine(cluster.FolderOf(0), $"scan-{Guid.NewGuid():N}");
        var bytes = new byte[LogFrame.SizeOf(5000)];
        LogFrame.Write(bytes, 0, 9, Guid.NewGuid(), 0, new byte[5000]);
        await File.WriteAllBytesAsync(path, bytes);
        await using var file = await cluster.Node(0).Aio.OpenAsync(
            path, new AioOpenOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Direct = DirectIo.Off });
        Assert.Equal(new LogEnd(bytes.Length, null), await LogScan.FindEndAsync(file, 9));
        await Assert.ThrowsAnyAsync<AioException>(() => LogScan.FindEndAsync(file, 8));
    }

    [Theory]
    [InlineData("akka.remote.dot-netty.tcp.hostname = \"\"", "hostname")]
    [InlineData("akka.remote.dot-netty.tcp.hostname = \"10.0.0.1\"", "hostname")]
    [InlineData("akka.cluster.downing-provider-class = \"Akka.Cluster.NoDowning, Akka.Cluster\"", "downing-provider-class")]
    [InlineData("akka.cluster.downing-provider-class = \"\"", "downing-provider-class")]
    [InlineData("akka.cluster.sharding.state-store-mode = persistence", "state-store-mode")]
    [InlineData("akka.cluster.sharding.remember-entities = on", "remember-entities")]
    [InlineData("akka.cluster.sharding.distributed-data.durable.keys = [\"shard-*\"]", "durable.keys")]
    [InlineData("akka.remote.dot-netty.tcp.maximum-frame-size = 66000b", "maximum-frame-size")]
    public async Task What_would_corrupt_files_or_let_strangers_in_is_refused(string hocon, string key)
    {
        using var system = ActorSystem.Create("checks"); // its defaults
        var config = ClusterFixture.ConfigOf(0, 1, hocon).WithFallback(AioClusterSettings.DefaultConfig())
            .WithFallback(Akka.Cluster.Sharding.ClusterSharding.DefaultConfig()).WithFallback(system.Settings.Config);
        var refused = Assert.Throws<AioClusterException>(() => StartChecks.Check(config, AioClusterSettings.Create(config)));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
        await system.Terminate();
    }

    private static Wire.Request Append(string file, Wire.FileOpened opened, Guid client, ulong number, long end, byte[] data) => new()
    {
        File = file,
        FileId = opened.FileId,
        Epoch = opened.Epoch,
        Client = Replies.BytesOf(client),
        Number = number,
        AppendAt = new Wire.AppendAt { ExpectedEnd = end, Data = ByteString.CopyFrom(data), Durable = true },
    };

    private async Task<(string File, Wire.FileOpened Opened)> OpenAsync(Wire.Kind kind)
    {
        var file = $"{cluster.DiskOf(0)}/owner-{Interlocked.Increment(ref s_files)}";
        var create = new Wire.Request { File = file, Open = new Wire.OpenFile { Create = true, Kind = kind } };
        create.Epoch = (await AskAsync(create)).Failure.MakeEpoch;
        return (file, (await AskAsync(create)).Opened);
    }

    private Task<Wire.Reply> AskAsync(Wire.Request request) => cluster.Node(0).Region.Ask<Wire.Reply>(request, Time);
}
