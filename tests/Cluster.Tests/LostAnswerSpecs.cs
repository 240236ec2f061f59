using System.Text;
using Akka.Actor;

namespace AkkaAio.Cluster.Tests;

/// <summary>What a client makes of a change whose answer was lost, or that came twice.</summary>
public sealed class LostAnswerSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_file_that_a_duplicate_has_deleted_before_is_deleted()
    {
        var (client, file) = await NewFileAsync();
        client.Region = cluster.Between(client, (request, owner, sender) =>
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
        var (client, log) = await NewFileAsync(AioClusterFileKind.Log);
        var opened = (await client.Region.Ask<Wire.Reply>(new Wire.Request { File = log.Address, Open = new() }, Time)).Opened;
        var attempts = 0;
        client.Region = cluster.Between(client, (request, owner, sender) =>
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
        var failed = await Assert.ThrowsAsync<AioClusterFileException>(() => log.AppendAtAsync(0, new byte[10]));
        Assert.Equal((AioClusterFailure.Io, AioOutcome.MayHaveHappened), (failed.Failure, failed.Outcome));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_write_whose_answer_was_lost_with_its_owner_is_not_made_over_what_another_client_has_written_since(bool mayRepeat)
    {
        var (client, file) = await NewFileAsync(options: new() { MayRepeatChanges = mayRepeat });
        var lost = LoseFirstAnswer(client);
        var write = file.WriteAsync("mine"u8.ToArray(), 0);
        await lost.Performed.Task.WaitAsync(Time);
        await cluster.StopOwnerAsync(file.Address);
        var other = await cluster.Node(2).OpenAsync(file.Address);
        await other.WriteAsync("newer"u8.ToArray(), 0);
        lost.GoOn.SetResult();
        if (mayRepeat)
        {
            await write;
        }
        else
        {
            var failed = await Assert.ThrowsAsync<AioClusterFileException>(() => write);
            Assert.Equal((AioClusterFailure.OwnerChanged, AioOutcome.MayHaveHappened), (failed.Failure, failed.Outcome));
        }

        Assert.Equal(mayRepeat ? "miner" : "newer", Encoding.ASCII.GetString((await other.ReadAsync(0, 10)).Span));
        await file.WriteAsync("again"u8.ToArray(), 0); // what is begun later goes to the next owner
        Assert.Equal("again", Encoding.ASCII.GetString((await other.ReadAsync(0, 10)).Span));
    }

    [Fact]
    public async Task A_truncate_whose_answer_was_lost_with_its_owner_does_not_cut_off_what_was_appended_since()
    {
        var (client, file) = await NewFileAsync();
        await file.WriteAsync(new byte[100], 0);
        var lost = LoseFirstAnswer(client);
        var truncate = file.TruncateAsync(100, 40);
        await lost.Performed.Task.WaitAsync(Time);
        await cluster.StopOwnerAsync(file.Address);
        Assert.Equal(100, await (await cluster.Node(2).OpenAsync(file.Address)).AppendAtAsync(40, new byte[60]));
        lost.GoOn.SetResult();
        Assert.Equal(AioClusterFailure.OwnerChanged, (await Assert.ThrowsAsync<AioClusterFileException>(() => truncate)).Failure);
        Assert.Equal(100, (await cluster.Node(0).StatAsync(file.Address)).Length);
    }

    [Fact]
    public async Task An_append_to_a_log_whose_answer_was_lost_with_its_owner_is_there_once()
    {
        var (client, log) = await NewFileAsync(AioClusterFileKind.Log);
        var lost = LoseFirstAnswer(client);
        var append = log.AppendAsync("same"u8.ToArray());
        await lost.Performed.Task.WaitAsync(Time);
        await cluster.StopOwnerAsync(log.Address);
        var end = await (await cluster.Node(2).OpenAsync(log.Address)).AppendAsync("same"u8.ToArray());
        lost.GoOn.SetResult();
        Assert.Equal(end / 2, await append);
        Assert.Equal(2, await log.ReadLogAsync().CountAsync());
    }

    [Theory]
    [InlineData(AioClusterFileKind.Log)]
    [InlineData(AioClusterFileKind.Plain)]
    public async Task Equal_bytes_that_several_append_at_once_are_all_there(AioClusterFileKind kind)
    {
        var (_, file) = await NewFileAsync(kind);
        var appenders = new List<AioClusterFile> { file };
        for (var i = 0; i < 6; i++)
        {
            appenders.Add(await cluster.Node(i % 3).OpenAsync(file.Address)); // two of one client each
        }

        var ends = await Task.WhenAll(appenders.Select(appender => appender.AppendAsync("same"u8.ToArray())));
        Assert.Equal(appenders.Count, ends.Distinct().Count());
        Assert.Equal(ends.Max(), (await cluster.Node(0).StatAsync(file.Address)).Length);
    }

    // The first change is performed, and told again until then; its answer comes not before GoOn.
    private LostAnswer LoseFirstAnswer(AioClusterExt client)
    {
        var lost = new LostAnswer();
        var isFirst = true;
        client.Region = cluster.Between(client, (request, owner, sender) =>
        {
            if (isFirst)
            {
                isFirst = false;
                owner.Ask<Wire.Reply>(request, Time).ContinueWith(done => lost.Performed.SetResult(done.Result), TaskScheduler.Default);
            }
            else if (lost.GoOn.Task.IsCompleted)
            {
                owner.Tell(request, sender);
            }
        });
        return lost;
    }

    private async Task<(AioClusterExt Client, AioClusterFile File)> NewFileAsync(
        AioClusterFileKind kind = AioClusterFileKind.Plain, AioClusterOpenOptions? options = null)
    {
        var client = AioClusterExt.Get(await cluster.StartAsync(hocon: "akka.io.aio.cluster.attempt-timeout = 300ms"));
        return (client, await client.OpenAsync(
            $"{cluster.DiskOf(0)}/{Guid.NewGuid():N}", (options ?? new()) with { Mode = FileMode.CreateNew, Kind = kind }));
    }
}
