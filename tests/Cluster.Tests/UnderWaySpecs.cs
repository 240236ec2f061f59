using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;
using Google.Protobuf;

namespace AkkaAio.Cluster.Tests;

/// <summary>What is seen of changes that wait for the disk, and what they hold.</summary>
public sealed class UnderWaySpecs(ClusterFixture cluster) : NodeSpecs(cluster), IClassFixture<ClusterFixture>
{
    private const int Part = 60_000;

    [Fact]
    public async Task Credits_bound_what_a_client_has_under_way_and_come_back_though_the_owner_has_ended()
    {
        var client = Guid.NewGuid();
        var most = Cluster.Node(0).Settings.ClientCredit;
        var (file, opened) = await CreateAsync(Wire.Kind.Plain);
        using (await HeldThreads.TakeAsync(Cluster.Node(0)))
        {
            Assert.True(Cluster.Node(0).Credits.TryTake(client, most - Part));
            var write = AskAsync(Write(file, opened, client, 1));
            var refused = (await AskAsync(Write(file, opened, client, 2))).Failure;
            Assert.Equal((Wire.FailureKind.FailureOverloaded, false), (refused.Kind, refused.MayHaveHappened));
            var other = AskAsync(Write(file, opened, Guid.NewGuid(), 1)); // has credit of its own
            await AskAsync(new Wire.Request { File = file, GetStat = new Wire.GetStat() });
            Cluster.Systems[0].Stop(await OwnerOfAsync(file));
            Assert.True((await write).Failure.MayHaveHappened);
            Assert.True((await other).Failure.MayHaveHappened);
            Cluster.Node(0).Credits.GiveBack(client, most - Part);
            Assert.False(TryTakeAll(client));
        }

        await Eventually.IsTrueAsync(() => TryTakeAll(client), "the client's credits have come back");
    }

    [Fact]
    public async Task A_client_waits_out_an_overload()
    {
        var file = await Cluster.Node(1).OpenAsync(NewAddress(), new() { Mode = FileMode.CreateNew });
        var credit = Cluster.Node(0).Settings.ClientCredit;
        Assert.True(Cluster.Node(0).Credits.TryTake(Cluster.Node(1).Calls.ClientId, credit));
        var write = file.WriteAsync(new byte[10], 0);
        var stat = await Cluster.Node(1).StatAsync(file.Address);
        Assert.Equal((0, false), (stat.Length, write.IsCompleted));
        Cluster.Node(0).Credits.GiveBack(Cluster.Node(1).Calls.ClientId, credit);
        await write.WaitAsync(Time);
        Assert.Equal(10, (await Cluster.Node(1).StatAsync(file.Address)).Length);
    }

    [Fact]
    public async Task A_log_ends_for_its_readers_before_the_first_append_under_way()
    {
        var (file, opened) = await CreateAsync(Wire.Kind.Log);
        var first = Append(file, opened, 1, 0);
        var end = (await AskAsync(first)).Done.End;
        Task<Wire.Reply> second;
        using (await HeldThreads.TakeAsync(Cluster.Node(0)))
        {
            second = AskAsync(Append(file, opened, 2, end));
            Assert.Equal(end, (await AskAsync(new Wire.Request { File = file, GetStat = new Wire.GetStat() })).Stat.Length);
        }

        Assert.Equal((await second).Done.End, (await AskAsync(new Wire.Request { File = file, GetStat = new Wire.GetStat() })).Stat.Length);
    }

    [Fact]
    public async Task While_an_open_before_has_the_file_s_lock_it_moves_and_a_client_waits()
    {
        var file = NewAddress();
        var path = Path.Combine(Cluster.FolderOf(0), "files", file.Split('/')[1]);
        await File.WriteAllTextAsync(path, "text");
        Task<AioClusterFile> opened;
        using (LinuxFile.Open(path, new IoFileOptions(FileMode.Open, FileAccess.ReadWrite, DirectIo.Off) { Lock = FileLockMode.Exclusive }))
        {
            var failure = (await AskAsync(new Wire.Request { File = file, GetStat = new Wire.GetStat() })).Failure;
            Assert.Equal((Wire.FailureKind.FailureMoving, false), (failure?.Kind, failure?.MayHaveHappened ?? true));
            opened = Cluster.Node(1).OpenAsync(file);
            Assert.NotNull((await AskAsync(new Wire.Request { File = file, GetStat = new Wire.GetStat() })).Failure);
            Assert.False(opened.IsCompleted);
        }

        Assert.Equal(4, (await opened.WaitAsync(Time)).End);
    }

    private bool TryTakeAll(Guid client)
    {
        var credit = Cluster.Node(0).Settings.ClientCredit;
        if (!Cluster.Node(0).Credits.TryTake(client, 1))
        {
            return false;
        }

        var isAll = Cluster.Node(0).Credits.TryTake(client, credit - 1);
        Cluster.Node(0).Credits.GiveBack(client, isAll ? credit : 1);
        return isAll;
    }

    private static Wire.Request Write(string file, Wire.FileOpened opened, Guid client, ulong number)
    {
        var request = Change(file, opened, client, number);
        request.WriteAt = new Wire.WriteAt { Data = ByteString.CopyFrom(new byte[Part]), Durable = true };
        return request;
    }

    private static Wire.Request Append(string file, Wire.FileOpened opened, ulong number, long end)
    {
        var request = Change(file, opened, Guid.Empty, number);
        request.AppendAt = new Wire.AppendAt { ExpectedEnd = end, Data = ByteString.CopyFrom(1, 2, 3), Durable = true };
        return request;
    }
}
