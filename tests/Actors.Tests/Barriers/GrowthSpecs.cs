using AkkaAio.Interop.Engines.Memory;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Barriers;

public sealed class GrowthSpecsOnLinuxAio(ITestOutputHelper output) : GrowthSpecs(EngineKind.LinuxAio, "", output);

public sealed class GrowthSpecsOnMemory(ITestOutputHelper output) : GrowthSpecs(EngineKind.Memory, "", output);

public sealed class StripedGrowthSpecsOnLinuxAio(ITestOutputHelper output) : GrowthSpecs(EngineKind.LinuxAio, Striped, output);

public sealed class StripedGrowthSpecsOnMemory(ITestOutputHelper output) : GrowthSpecs(EngineKind.Memory, Striped, output);

/// <summary>A direct file that is appended to is allocated ahead; nobody sees that but the file system, and Close takes it back.</summary>
public abstract class GrowthSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    protected const string Striped = "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }";

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(300)]
    public async Task An_appended_file_has_the_length_of_its_data_once_it_is_closed(int blocks)
    {
        var file = await NewFile();
        for (var i = 0; i < blocks; i++)
        {
            await file.WriteAsync(i * Block, Pattern(Block, i));
            Assert.Equal((i + 1) * Block, file.Length);
        }

        using (var read = await file.ReadAsync((blocks * Block) - 10, 1000))
        {
            Assert.Equal(10, read.Length);
        }

        await file.DisposeAsync();
        Assert.Equal(Enumerable.Range(0, blocks).SelectMany(i => Pattern(Block, i)), OnDisk(file.Path));
    }

    [SkippableFact]
    public async Task Appends_at_the_same_time_in_any_order_all_arrive()
    {
        var file = await NewFile();
        var order = Enumerable.Range(0, 300).ToArray();
        new Random(5).Shuffle(order);
        var writes = order.Select(i => Replies.Tell(new Aio.Write(file, i * Block, Pattern(Block, i)))).ToArray();
        var close = Replies.Tell(new Aio.Close(file));
        await Replies.AssertOneEach([.. writes, close]);
        Assert.All(writes, write => Assert.IsType<Aio.WriteCompleted>(Replies.Of(write).Result));
        Assert.Equal(Enumerable.Range(0, 300).SelectMany(i => Pattern(Block, i)), OnDisk(file.Path));
    }

    [SkippableFact]
    public async Task SetLength_amid_appends_cuts_what_was_told_before_it()
    {
        var file = await NewFile();
        for (var round = 0; round < 20; round++)
        {
            var before = Enumerable.Range(0, 40).Select(i => Replies.Tell(new Aio.Write(file, i * Block, Pattern(Block, i)))).ToArray();
            var cut = Replies.Tell(new Aio.SetLength(file, Block));
            var after = Replies.Tell(new Aio.Write(file, 2 * Block, Pattern(Block, 99)));
            await Task.WhenAll([.. before.Select(Replies.Of), Replies.Of(cut), Replies.Of(after)]);
            Assert.Equal(3 * Block, file.Length);
            Assert.Equal([.. Pattern(Block, 0), .. new byte[Block], .. Pattern(Block, 99)], ContentOf(file));
        }

        await file.DisposeAsync();
        Assert.Equal(3 * Block, OnDisk(file.Path).Length);
    }

    [SkippableFact]
    public async Task A_write_far_behind_the_end_leaves_a_hole()
    {
        var file = await NewFile();
        await file.WriteAsync(64L << 20, Pattern(Block));
        await file.DisposeAsync();
        var content = OnDisk(file.Path);
        Assert.Equal((64 << 20) + Block, content.Length);
        Assert.Equal(Pattern(Block), content[(64 << 20)..]);
        Assert.False(content.AsSpan(0, 64 << 20).ContainsAnyExcept((byte)0));
    }

    [SkippableFact]
    public async Task A_reader_that_opens_the_file_while_it_grows_does_not_keep_it_long()
    {
        var writer = await NewFile();
        await writer.WriteAsync(0, Pattern(Block));
        var reader = await Ext.OpenAsync(writer.Path);
        await writer.DisposeAsync();
        await reader.DisposeAsync();
        Assert.Equal(Pattern(Block), OnDisk(writer.Path));
    }

    [SkippableFact]
    public async Task A_second_open_s_data_behind_the_first_one_s_end_is_kept()
    {
        var first = await NewFile();
        await first.WriteAsync(0, Pattern(Block));
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open });
        await second.WriteAsync(2 * Block, Pattern(Block, 2));
        await second.DisposeAsync();
        await first.DisposeAsync();
        var content = OnDisk(first.Path);
        Assert.Equal(Pattern(Block), content[..Block]);
        Assert.Equal(Pattern(Block, 2), content[(2 * Block)..(3 * Block)]);
    }

    [SkippableFact]
    public async Task A_refused_write_behind_the_end_leaves_no_trace_and_moves_no_length()
    {
        var file = await NewFile();
        await Replies.Fails<AioAlignmentException>(new Aio.Write(file, (8 * Block) + 1, new byte[10]));
        Assert.Equal(0, file.Length);
        await file.DisposeAsync();
        Assert.Empty(OnDisk(file.Path));
    }

    [SkippableFact]
    public async Task A_cancelled_append_leaves_no_length_behind()
    {
        var file = await NewFile();
        var write = Replies.Tell(new Aio.Write(file, 0, Pattern(Block)));
        Replies.Tell(new Aio.Cancel(write));
        var reply = await Replies.Of(write);
        await file.DisposeAsync();
        Assert.Equal(reply is Aio.CommandFailed { Outcome: AioOutcome.NotPerformed } ? 0 : Block, OnDisk(file.Path).Length);
    }
}

/// <summary>Growth meets errors and barriers.</summary>
public sealed class GrowthFaultSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    [Theory]
    [InlineData(Errno.ENOSPC)]
    [InlineData(Errno.EDQUOT)]
    [InlineData(Errno.EIO)]
    public async Task A_disk_that_is_full_fails_the_append_and_nothing_else(Errno errno)
    {
        var file = await NewFile(Block);
        Engine.OnFileCall = (call, _) => call == "fallocate" ? errno : Errno.None;
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Write(file, Block, new byte[Block]));
        Assert.Equal(errno, Assert.IsType<AioSystemException>(failed.Cause).Errno);
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, 0, new byte[Block]));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        Assert.Equal(Block, file.Length);
        Engine.OnFileCall = null;
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, Block, new byte[Block]));
    }

    [Fact]
    public async Task A_full_disk_fails_every_waiting_append_and_a_barrier_behind_them_goes_on()
    {
        var file = await NewFile(Block);
        Engine.OnFileCall = (call, _) => call == "fallocate" ? Errno.ENOSPC : Errno.None;
        var writes = Enumerable.Range(1, 50).Select(i => Replies.Tell(new Aio.Write(file, i * Block, new byte[Block]))).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));
        var close = Replies.Tell(new Aio.Close(file));
        await Replies.AssertOneEach([.. writes, flush, close]);
        Assert.Equal(50, Replies.InOrder.Count(reply => reply is Aio.CommandFailed { Outcome: AioOutcome.NotPerformed }));
        Assert.Equal(Block, OnDisk(file.Path).Length);
    }

    [Fact]
    public async Task Without_fallocate_a_file_grows_all_the_same()
    {
        var file = await NewFile();
        Engine.OnFileCall = (call, _) => call == "fallocate" ? Errno.EOPNOTSUPP : Errno.None;
        for (var i = 0; i < 40; i++)
        {
            await file.WriteAsync(i * Block, Pattern(Block, i));
        }

        await file.DisposeAsync();
        Assert.Equal(Enumerable.Range(0, 40).SelectMany(i => Pattern(Block, i)), OnDisk(file.Path));
    }

    [Fact]
    public async Task Appends_wait_for_a_growth_and_other_files_do_not()
    {
        var (file, other) = (await NewFile(), await NewFile(Block));
        using var stuck = new Stuck(Engine, "fallocate", file.Path);
        var write = Replies.Tell(new Aio.Write(file, 0, Pattern(Block)));
        var flush = Replies.Tell(new Aio.Flush(file));
        stuck.AwaitEntered();
        await Fence(other);
        await Replies.Do<Aio.Flushed>(new Aio.Flush(other));
        Assert.False(Replies.Has(write));
        Assert.False(Replies.Has(flush));
        stuck.LetGo();
        await Replies.Of<Aio.WriteCompleted>(write);
        await Replies.Of<Aio.Flushed>(flush);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_growth_ahead_that_is_under_way_spoils_neither_Close_nor_SetLength(bool close)
    {
        var (file, other) = (await NewFile(), await NewFile(Block));
        await file.WriteAsync(0, Pattern(Block)); // allocates 64 KiB ahead
        using var stuck = new Stuck(Engine, "fallocate", file.Path);
        for (var i = 1; i < 14; i++)
        {
            await file.WriteAsync(i * Block, Pattern(Block, i)); // the second half starts the next growth
        }

        stuck.AwaitEntered();
        var barrier = Replies.Tell<Aio.BarrierCommand>(close ? new Aio.Close(file) : new Aio.SetLength(file, Block));
        await Fence(other);
        stuck.LetGo();
        Assert.IsNotType<Aio.CommandFailed>(await Replies.Of(barrier));
        await Replies.Of(Replies.Tell(new Aio.Close(file)));
        await Fence(other);
        await Eventually(() => Engine.OpenFiles == 1, "the file is closed");
        await stuck.Left;
        Assert.Equal(close ? 14 * Block : Block, OnDisk(file.Path).Length);
    }

    [Fact]
    public async Task A_cancelled_write_that_waits_for_a_growth_is_not_performed()
    {
        var (file, other) = (await NewFile(), await NewFile(Block));
        using var stuck = new Stuck(Engine, "fallocate", file.Path);
        var write = Replies.Tell(new Aio.Write(file, 0, Pattern(Block)));
        stuck.AwaitEntered();
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(write))).Found);
        Assert.Equal(AioOutcome.NotPerformed, (await Replies.Of<Aio.CommandFailed>(write)).Outcome);
        var close = Replies.Tell(new Aio.Close(file));
        await Fence(other);
        stuck.LetGo();
        await Replies.Of<Aio.Closed>(close);
        await stuck.Left;
        Assert.Empty(OnDisk(file.Path));
    }

    /// <summary>Holds one blocking call of a file until it is let go.</summary>
    private sealed class Stuck : IDisposable
    {
        private readonly ManualResetEventSlim _entered = new();
        private readonly ManualResetEventSlim _go = new();
        private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly MemoryEngine _engine;

        public Stuck(MemoryEngine engine, string call, string path)
        {
            _engine = engine;
            engine.OnFileCall = (name, of) =>
            {
                if (name == call && of == path && !_entered.IsSet)
                {
                    _entered.Set();
                    _go.Wait(Patience.Long);
                    _left.TrySetResult();
                }

                return Errno.None;
            };
        }

        /// <summary>The call goes on; what it does after the script may still be running.</summary>
        public Task Left => _left.Task.WaitAsync(Patience.Long);

        public void AwaitEntered() => Assert.True(_entered.Wait(Patience.Long), "the call was made");

        public void LetGo() => _go.Set();

        public void Dispose()
        {
            _go.Set();
            _engine.OnFileCall = null;
        }
    }
}
