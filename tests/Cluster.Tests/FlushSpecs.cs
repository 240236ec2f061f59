using System.Text;
using Akka.Actor;
using AkkaAio.Cluster.Owner;
using AkkaAio.Cluster.Paths;
using Google.Protobuf;

namespace AkkaAio.Cluster.Tests;

/// <summary>
/// A Flush behind a change of owner: of what the former one acknowledged and could not flush it never says that it is durable.
/// </summary>
public sealed class FlushSpecs(ClusterFixture cluster) : NodeSpecs(cluster), IClassFixture<ClusterFixture>
{
    [Theory]
    [InlineData(AioClusterFileKind.Plain)]
    [InlineData(AioClusterFileKind.Log)]
    public async Task Behind_an_owner_that_ended_without_a_flush_it_fails_and_goes_on_failing(AioClusterFileKind kind)
    {
        var file = await NewFileAsync(kind);
        await ChangeAsync(file, AioDurability.None);
        await StopAsync(file, orderly: false);
        for (var i = 0; i < 2; i++)
        {
            var lost = await Assert.ThrowsAsync<AioClusterFileException>(() => file.FlushAsync());
            Assert.Equal((AioClusterFailure.Lost, AioOutcome.MayHaveHappened), (lost.Failure, lost.Outcome));
        }

        var again = await Cluster.Node(1).OpenAsync(file.Address);
        await ChangeAsync(again, AioDurability.None);
        await again.FlushAsync();
        await StopAsync(file, orderly: true);
        await Assert.ThrowsAsync<AioClusterFileException>(() => file.FlushAsync()); // an orderly end later makes nothing better
    }

    [Fact]
    public async Task Behind_an_orderly_end_it_succeeds_however_many_owners_there_were()
    {
        var file = await NewFileAsync(AioClusterFileKind.Plain);
        await ChangeAsync(file, AioDurability.None);
        for (var i = 0; i < 3; i++)
        {
            await StopAsync(file, orderly: true);
            await ChangeAsync(await Cluster.Node(2).OpenAsync(file.Address), AioDurability.None);
        }

        await file.FlushAsync();
        await StopAsync(file, orderly: true);
        Assert.Equal("0", MarkOf(file.Address));
    }

    [Fact]
    public async Task What_was_durable_or_flushed_before_is_not_lost_with_its_owner()
    {
        var file = await NewFileAsync(AioClusterFileKind.Plain);
        await ChangeAsync(file, AioDurability.Dsync);
        Assert.Null(MarkOf(file.Address));
        await StopAsync(file, orderly: false);
        await file.FlushAsync();
        await ChangeAsync(file, AioDurability.None);
        await file.FlushAsync();
        await StopAsync(file, orderly: false);
        await file.FlushAsync();
    }

    [Fact]
    public async Task The_file_says_so_before_such_a_change_is_acknowledged()
    {
        var (file, opened) = await CreateAsync(Wire.Kind.Plain);
        var write = Change(file, opened, Guid.NewGuid(), 1);
        write.WriteAt = new Wire.WriteAt { Data = ByteString.CopyFrom(1) };
        Assert.Equal(1, (await AskAsync(write)).Done.End);
        Assert.Equal($"{opened.Epoch}", MarkOf(file));
    }

    [Fact]
    public async Task Since_an_epoch_that_is_still_to_come_is_not_vouched_for()
    {
        var (file, opened) = await CreateAsync(Wire.Kind.Plain);
        var flush = Change(file, opened, Guid.NewGuid(), 1);
        flush.Flush = new Wire.Flush { Since = opened.Epoch + 1 };
        Assert.Equal(
            (Wire.FailureKind.FailureLost, true),
            (await AskAsync(flush)).Failure is var failure ? (failure.Kind, failure.MayHaveHappened) : default);
    }

    private static Task ChangeAsync(AioClusterFile file, AioDurability durability) => file.Kind == AioClusterFileKind.Log
        ? file.AppendAsync(new byte[10], durability)
        : file.WriteAsync(new byte[10], 0, durability);

    private Task<AioClusterFile> NewFileAsync(AioClusterFileKind kind) =>
        Cluster.Node(1).OpenAsync(NewAddress(), new() { Mode = FileMode.CreateNew, Kind = kind });

    private async Task StopAsync(AioClusterFile file, bool orderly) =>
        Assert.True(await (await OwnerOfAsync(file.Address)).GracefulStop(Time, orderly ? StopOwner.Instance : PoisonPill.Instance));

    private string? MarkOf(string file) =>
        ExtendedAttributes.TryGet(
            Path.Combine(Cluster.FolderOf(0), "files", file.Split('/')[1]), "user.akkaaio.unflushed", out var value) == Errno.None
            ? Encoding.ASCII.GetString(value)
            : null;
}
