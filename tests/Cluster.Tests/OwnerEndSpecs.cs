using Akka.Actor;
using AkkaAio.Demo.Files;
using Google.Protobuf;

namespace AkkaAio.Cluster.Tests;

/// <summary>
/// An owner that ends in the midst of its work: stopped by another than sharding, or by sharding after the hand-off's time.
/// </summary>
public sealed class OwnerEndSpecs(ClusterFixture cluster) : NodeSpecs(cluster), IClassFixture<ClusterFixture>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_or_a_comparison_under_way_is_answered_and_changed_nothing(bool compares)
    {
        var (file, opened) = await CreateAsync(Wire.Kind.Log);
        var request = Append(file, opened, Guid.NewGuid(), 1, 0);
        var end = (await AskAsync(request)).Done.End;
        PageCache.Drop(PathOf(file)); // else it would be answered at once
        if (compares)
        {
            request.Number = 2;
        }
        else
        {
            request = new Wire.Request { File = file, ReadAt = new Wire.ReadAt { Length = 10 } };
        }

        using (await HeldThreads.TakeAsync(Cluster.Node(0)))
        {
            var owner = await OwnerOfAsync(file);
            var reply = owner.Ask<Wire.Reply>(request, Time);
            await HandledAsync(owner);
            await StopAsync(file);
            AssertMoving((await reply).Failure, mayHaveHappened: false);
        }

        Assert.Equal(end, (await Cluster.Node(1).StatAsync(file)).Length);
    }

    [Fact]
    public async Task Writes_under_way_and_one_that_waits_for_them_are_answered()
    {
        var (file, opened) = await CreateAsync(Wire.Kind.Plain);
        var write = Change(file, opened, Guid.NewGuid(), 1);
        write.WriteAt = new Wire.WriteAt { Data = ByteString.CopyFrom(1, 2, 3) };
        var flush = Change(file, opened, Guid.NewGuid(), 1);
        flush.Flush = new Wire.Flush();
        Task<Wire.Reply> written, flushed;
        using (await HeldThreads.TakeAsync(Cluster.Node(0)))
        {
            var owner = await OwnerOfAsync(file);
            written = owner.Ask<Wire.Reply>(write, Time);
            flushed = owner.Ask<Wire.Reply>(flush, Time);
            var waits = owner.Ask<Wire.Reply>(new Wire.Request { File = file, GetStat = new Wire.GetStat() }, Time); // behind the flush
            await HandledAsync(owner);
            await StopAsync(file);
            AssertMoving((await written).Failure, mayHaveHappened: true);
            AssertMoving((await flushed).Failure, mayHaveHappened: false);
            AssertMoving((await waits).Failure, mayHaveHappened: false);
        }
    }

    [Fact]
    public async Task An_exclusive_change_under_way_may_have_happened()
    {
        var (file, opened) = await CreateAsync(Wire.Kind.Plain);
        var delete = Change(file, opened, Guid.NewGuid(), 1);
        delete.Delete = new Wire.DeleteFile();
        Task<Wire.Reply> deleted;
        using (await HeldThreads.TakeAsync(Cluster.Node(0)))
        {
            var owner = await OwnerOfAsync(file);
            deleted = owner.Ask<Wire.Reply>(delete, Time);
            await HandledAsync(owner);
            await StopAsync(file);
            AssertMoving((await deleted).Failure, mayHaveHappened: true);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_request_that_opens_the_file_is_answered(bool makes)
    {
        var file = NewAddress();
        var open = new Wire.Request { File = file, Open = new Wire.OpenFile { Create = true } };
        open.Epoch = (await AskAsync(open)).Failure.MakeEpoch; // NotFound: the owner is there, the file not
        open.Open.Create = makes;
        Task<Wire.Reply> opened;
        using (await HeldThreads.TakeAsync(Cluster.Node(0)))
        {
            var owner = await OwnerOfAsync(file);
            opened = owner.Ask<Wire.Reply>(open, Time);
            await HandledAsync(owner);
            await StopAsync(file);
            AssertMoving((await opened).Failure, mayHaveHappened: makes);
        }

        await Cluster.Node(1).OpenAsync(file, new() { Mode = FileMode.OpenOrCreate }); // whichever came of it, it can be used
    }

    [Fact]
    public async Task The_owner_of_a_name_that_has_no_file_ends_though_files_stay_open_for_long()
    {
        var file = NewAddress();
        var missing = new Wire.Request { File = file, GetStat = new Wire.GetStat() };
        Assert.Equal(Wire.FailureKind.FailureNotFound, (await AskAsync(missing)).Failure.Kind);
        var owner = await OwnerOfAsync(file);
        Assert.True(await owner.WatchAsync().WaitAsync(Time));
        Assert.Equal(Wire.FailureKind.FailureNotFound, (await AskAsync(missing)).Failure.Kind); // by the next
    }

    [Fact]
    public async Task A_duplicate_that_comes_when_its_owner_stops_is_answered_as_the_change_under_way()
    {
        var (file, opened) = await CreateAsync(Wire.Kind.Log);
        var append = Append(file, opened, Guid.NewGuid(), 1, 0);
        append.AppendAt.Durable = true; // by a thread: it is held
        Task<Wire.Reply> first, second;
        var held = await HeldThreads.TakeAsync(Cluster.Node(0));
        using (held)
        {
            var owner = await OwnerOfAsync(file);
            first = owner.Ask<Wire.Reply>(append, Time);
            await HandledAsync(owner);
            owner.Tell(Owner.StopOwner.Instance, ActorRefs.NoSender); // as at a hand-off
            second = owner.Ask<Wire.Reply>(append, Time);
            await HandledAsync(owner);
        }

        Assert.Equal((await first).Done.End, (await second).Done.End);
        Assert.Equal((await first).Done.End, (await Cluster.Node(1).StatAsync(file)).Length);
    }

    private static void AssertMoving(Wire.Failure failure, bool mayHaveHappened) =>
        Assert.Equal((Wire.FailureKind.FailureMoving, mayHaveHappened), (failure.Kind, failure.MayHaveHappened));

    private static Wire.Request Append(string file, Wire.FileOpened opened, Guid client, ulong number, long end)
    {
        var request = Change(file, opened, client, number);
        request.AppendAt = new Wire.AppendAt { ExpectedEnd = end, Data = ByteString.CopyFrom(1, 2, 3) };
        return request;
    }

    private string PathOf(string file) => Path.Combine(Cluster.FolderOf(0), "files", file.Split('/')[1]);

    // An unknown operation is answered at once, whatever else there is.
    private static async Task HandledAsync(IActorRef owner) =>
        Assert.NotNull((await owner.Ask<Wire.Reply>(new Wire.Request { File = "" }, Time)).Unsupported);

    private async Task StopAsync(string file) => Cluster.Systems[0].Stop(await OwnerOfAsync(file));
}
