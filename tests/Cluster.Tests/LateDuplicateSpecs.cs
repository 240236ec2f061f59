using Akka.Actor;
using Google.Protobuf;

namespace AkkaAio.Cluster.Tests;

/// <summary>A request that comes a second time, however late, changes nothing.</summary>
public sealed class LateDuplicateSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly ByteString Client = ByteString.CopyFrom(Guid.NewGuid().ToByteArray());
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task One_that_was_refused_is_refused_again_when_it_would_go_through()
    {
        var (file, opened) = await NewLogAsync();
        var append = Append(opened, number: 1, expectedEnd: 47);
        Assert.Equal(0, (await AskAsync(append)).WrongEnd.End);
        Assert.Equal(47, await file.AppendAtAsync(0, "one"u8.ToArray()));
        Assert.Equal(0, (await AskAsync(append)).WrongEnd.End);
        Assert.Equal(47, (await cluster.Node(2).StatAsync(file.Address)).Length);
    }

    [Fact]
    public async Task One_that_was_performed_is_answered_from_memory()
    {
        var (file, opened) = await NewLogAsync();
        var append = Append(opened, number: 1, expectedEnd: 0);
        Assert.Equal(47, (await AskAsync(append)).Done.End);
        Assert.Equal(47, (await AskAsync(append)).Done.End);
        Assert.Equal(94, await file.AppendAsync("two"u8.ToArray()));
        Assert.Equal(47, (await AskAsync(append)).Done.End);
        Assert.Equal(94, (await cluster.Node(2).StatAsync(file.Address)).Length);
    }

    [Fact]
    public async Task One_that_was_overtaken_is_not_performed()
    {
        var (file, opened) = await NewLogAsync();
        Assert.Equal(47, (await AskAsync(Append(opened, number: 9, expectedEnd: 0))).Done.End);
        var stale = (await AskAsync(Append(opened, number: 8, expectedEnd: 47))).Failure;
        Assert.Equal((Wire.FailureKind.FailureStale, false), (stale.Kind, stale.MayHaveHappened));
        Assert.Equal(47, (await cluster.Node(2).StatAsync(file.Address)).Length);
    }

    [Fact]
    public async Task One_that_was_overtaken_by_a_change_that_its_client_counted_much_later_is_not_performed_either()
    {
        var (file, opened) = await NewLogAsync();
        Assert.Equal(47, (await AskAsync(Append(opened, number: 9000, expectedEnd: 0))).Done.End); // after changes of other files
        var stale = (await AskAsync(Append(opened, number: 8, expectedEnd: 47))).Failure;
        Assert.Equal((Wire.FailureKind.FailureStale, false), (stale.Kind, stale.MayHaveHappened));
        Assert.Equal(47, (await cluster.Node(2).StatAsync(file.Address)).Length);
    }

    [Fact]
    public async Task One_that_makes_a_file_makes_it_once()
    {
        var file = $"{cluster.DiskOf(0)}/{Guid.NewGuid():N}";
        var create = new Wire.Request { File = file, Open = new Wire.OpenFile { Create = true } };
        create.Epoch = (await AskAsync(create)).Failure.MakeEpoch;
        Assert.NotNull((await AskAsync(create)).Opened);
        Assert.NotNull((await AskAsync(create)).Opened);
        await cluster.Node(1).DeleteAsync(file);
        var late = (await AskAsync(create)).Failure;
        Assert.Equal(Wire.FailureKind.FailureNotFound, late.Kind);
        Assert.True(late.MakeEpoch > create.Epoch);
        Assert.Equal(
            AioClusterFailure.NotFound, (await Assert.ThrowsAsync<AioClusterFileException>(() => cluster.Node(1).StatAsync(file))).Failure);
        create.Epoch = late.MakeEpoch;
        Assert.NotNull((await AskAsync(create)).Opened);
    }

    [Fact]
    public async Task One_of_another_epoch_or_file_is_moved()
    {
        var (file, opened) = await NewLogAsync();
        var other = Append(opened, number: 1, expectedEnd: 0);
        other.Epoch--;
        Assert.Equal(opened.Opened.Epoch, (await AskAsync(other)).Moved.Epoch);
        other = Append(opened, number: 1, expectedEnd: 0);
        other.FileId = Client;
        Assert.Equal(opened.Opened.FileId, (await AskAsync(other)).Moved.FileId);
        Assert.Equal(0, (await cluster.Node(2).StatAsync(file.Address)).Length);
    }

    private async Task<(AioClusterFile File, Wire.Reply Opened)> NewLogAsync()
    {
        var file = await cluster.Node(1).OpenAsync(
            $"{cluster.DiskOf(0)}/{Guid.NewGuid():N}", new() { Mode = FileMode.CreateNew, Kind = AioClusterFileKind.Log });
        _address = file.Address;
        return (file, await AskAsync(new Wire.Request { File = _address, Open = new Wire.OpenFile() }));
    }

    private string _address = "";

    private Wire.Request Append(Wire.Reply opened, ulong number, long expectedEnd) => new()
    {
        File = _address,
        FileId = opened.Opened.FileId,
        Epoch = opened.Opened.Epoch,
        Client = Client,
        Number = number,
        AppendAt = new Wire.AppendAt { ExpectedEnd = expectedEnd, Data = ByteString.CopyFromUtf8("abc") },
    };

    private Task<Wire.Reply> AskAsync(Wire.Request request) => cluster.Node(1).Region.Ask<Wire.Reply>(request, Time);
}
