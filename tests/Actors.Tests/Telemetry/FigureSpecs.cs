using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Telemetry;

/// <summary>What an operator asks: what happened in the last second, what is stuck, which file it is.</summary>
public sealed class FigureSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio { shards = 2, depth = 4, max-queue-size = 10 }", output)
{
    [Fact]
    public async Task An_operation_that_the_kernel_keeps_grows_old_until_it_is_back()
    {
        var file = await NewFile(8 * Block);
        Engine.OnOperation = (in _) => new OperationFault { Hold = true };
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[1], 0));
        var age = await OldestAbove(TimeSpan.Zero);
        await OldestAbove(age);
        Engine.OnOperation = null;
        Engine.Release();
        await Replies.Of(read);
        Assert.Equal(TimeSpan.Zero, await Oldest());
    }

    [Fact]
    public async Task An_operation_inside_an_io_submit_that_does_not_return_grows_old_too()
    {
        var file = await NewFile(8 * Block);
        using var entered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Engine.OnSubmit = _ =>
        {
            entered.Set();
            go.Wait(Patience.Long);
            return default;
        };
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[1], 0));
        Assert.True(entered.Wait(Patience.Long));
        await OldestAbove(await OldestAbove(TimeSpan.Zero));
        go.Set();
        await Replies.Of(read);
        await Eventually(() => Ext.Shards.All(shard => shard.OldestInFlight == TimeSpan.Zero), "nothing is in flight");
    }

    [Fact]
    public async Task A_blocking_thread_that_is_stuck_grows_old_too()
    {
        var file = await NewFile(8 * Block, DirectIo.Off);
        using var stuck = Rules.Reads(file.Path).Times(1).Hold();
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[1], 0));
        await stuck.WhenHit();
        await OldestAbove(await OldestAbove(TimeSpan.Zero));
        stuck.Release();
        await Replies.Of(read);
        Assert.Equal(TimeSpan.Zero, await Oldest());
    }

    [Fact]
    public async Task The_difference_of_two_looks_is_what_happened_between_them()
    {
        var file = await NewFile(8 * Block);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        var before = await StatsAfter(1);
        await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, new byte[100], 0));
        await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, new byte[100], 0));
        var now = await StatsAfter(3);

        var between = now.Since(before);
        Assert.Equal((2, 200, 0, 0), (
            between.Shards.Sum(shard => shard.Reads), between.Shards.Sum(shard => shard.ReadBytes),
            between.Shards.Sum(shard => shard.Writes), between.Shards.Sum(shard => shard.WrittenBytes)));
        Assert.Equal(2, between.Shards.Sum(shard => shard.DeviceLatency.Count));
        Assert.Equal(2, between.Shards.Sum(shard => shard.DeviceLatency.Buckets.Sum(bucket => bucket.Count)));
        Assert.Equal(now.Interval - before.Interval, between.Interval);
        Assert.True(between.Interval > TimeSpan.Zero);
        Assert.Equal(1, between.OpenFiles);
        Assert.Throws<ArgumentException>(() => before.Since(now));
    }

    [Fact]
    public async Task Each_file_has_its_own_figures()
    {
        var (busy, quiet) = (await NewFile(8 * Block), await NewFile(8 * Block, DirectIo.Off));
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(busy, new byte[Block], 0));
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(quiet, new byte[10], 0));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(busy));
        Engine.OnOperation = (in request) => request.Offset switch
        {
            Block => new OperationFault { Error = Errno.EIO },
            _ => new OperationFault { Hold = true },
        };
        await Replies.Do<Aio.CommandFailed>(new Aio.ReadInto(busy, new byte[1], Block));
        var held = Enumerable.Range(0, 6).Select(_ => Replies.Tell(new Aio.ReadInto(busy, new byte[1], 0))).ToArray();
        await Eventually(() => Ext.Shards.Sum(shard => shard.Counters.Queued) == 2, "four are in flight, and two wait");

        var files = (await Replies.Do<Aio.Files>(new Aio.GetFiles())).Open.ToDictionary(file => file.Path);
        Assert.Equal(2, files.Count);
        var (figures, others) = (files[busy.Path], files[quiet.Path]);
        Assert.Equal(("memory", true, busy.HomeShard.Index), (figures.Engine, figures.IsDirect, figures.Shard));
        Assert.Equal((0, 1, Block, 1, 1), (figures.Reads, figures.Writes, figures.WrittenBytes, figures.DataSyncs, figures.Errors));
        Assert.Equal((4, 2), (figures.InFlight, figures.Queued));
        Assert.True(figures.OldestInFlight > TimeSpan.Zero);
        Assert.Contains(busy.Path, figures.ToString(), StringComparison.Ordinal);
        Assert.Equal(("blocking-dispatcher", false), (others.Engine, others.IsDirect));
        Assert.Equal((1, 10, 0, 0, 0), (others.Writes, others.WrittenBytes, others.Errors, others.InFlight, others.Queued));
        Assert.Equal(TimeSpan.Zero, others.OldestInFlight);

        Engine.OnOperation = null;
        Engine.Release();
        await Task.WhenAll(held.Select(Replies.Of));
        var after = (await Replies.Do<Aio.Files>(new Aio.GetFiles())).Open.Single(file => file.Path == busy.Path);
        Assert.Equal((6, 6, 0, 0), (after.Reads, after.ReadBytes, after.InFlight, after.Queued));
        await busy.DisposeAsync();
        Assert.Equal(quiet.Path, Assert.Single((await Replies.Do<Aio.Files>(new Aio.GetFiles())).Open).Path);
    }

    [Fact]
    public async Task A_restart_can_be_seen_and_a_shard_that_gets_no_context_says_why()
    {
        var file = await NewFile(8 * Block);
        Assert.All((await Stats()).Shards, shard => Assert.Null(shard.SinceRestart));
        var fails = 1;
        Engine.OnSetup = _ => Errno.EAGAIN;
        Engine.OnReap = () =>
        {
            if (Interlocked.Exchange(ref fails, 0) == 1)
            {
                throw new AioSystemException(Errno.EIO, "io_getevents");
            }
        };
        await Replies.Of(Replies.Tell(new Aio.ReadInto(file, new byte[1], 0))); // aborted, or done as the shard drained
        Aio.ShardStats? shard = null;
        await AwaitConditionAsync(
            async () => (shard = (await Stats()).Shards[file.HomeShard.Index]).Unavailable is not null, Patience.Long);
        Assert.Equal(1, shard!.Restarts);
        Assert.InRange(shard.SinceRestart!.Value, TimeSpan.Zero, Patience.Long);
        Assert.Contains("in-memory context", shard.Unavailable, StringComparison.Ordinal);

        Engine.OnSetup = null;
        await AwaitConditionAsync(async () => (await Stats()).Shards[file.HomeShard.Index].Unavailable is null, Patience.Long);
    }

    [Fact]
    public async Task What_the_pool_has_lent_is_not_what_it_keeps()
    {
        var buffer = Pool.Rent(3 * Block);
        var stats = await Stats();
        Assert.InRange(stats.PoolRentedBytes, 3 * Block, stats.PoolAllocatedBytes);
        buffer.Dispose();
        var after = await Stats();
        Assert.Equal(0, after.PoolRentedBytes);
        Assert.Equal(stats.PoolAllocatedBytes, after.PoolAllocatedBytes);
    }

    private async Task<TimeSpan> Oldest() => (await Stats()).Shards.Max(shard => shard.OldestInFlight);

    private async Task<TimeSpan> OldestAbove(TimeSpan age)
    {
        var oldest = TimeSpan.Zero;
        await AwaitConditionAsync(async () => (oldest = await Oldest()) > age, Patience.Long);
        return oldest;
    }
}
