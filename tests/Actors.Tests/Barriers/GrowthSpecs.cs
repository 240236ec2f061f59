using Akka.Actor;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Barriers;

public sealed class GrowthSpecsOnLinuxAio(ITestOutputHelper output) : GrowthSpecs(EngineKind.LinuxAio, "", output);

public sealed class GrowthSpecsOnMemory(ITestOutputHelper output) : GrowthSpecs(EngineKind.Memory, "", output);

public sealed class StripedGrowthSpecsOnLinuxAio(ITestOutputHelper output) : GrowthSpecs(EngineKind.LinuxAio, Striped, output);

public sealed class StripedGrowthSpecsOnMemory(ITestOutputHelper output) : GrowthSpecs(EngineKind.Memory, Striped, output);

/// <summary>
/// A direct file is made longer before the writes that extend it. It is never longer on the disk than what was accepted, unless its opener
/// asks for that; what others write is neither cut off nor hidden.
/// </summary>
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
        Assert.Equal(3 * Block, LengthOnDisk(file.Path));
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public async Task On_the_disk_it_is_as_long_as_what_was_written_and_what_was_asked_for_ahead(long ahead)
    {
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = ahead });
        for (var i = 0; i < 40; i++)
        {
            await file.WriteAsync(i * Block, Pattern(Block, i));
            Assert.InRange(LengthOnDisk(file.Path), (i + 1) * Block, ((i + 1) * Block) + ahead);
            Assert.True(ahead > 0 || LengthOnDisk(file.Path) == (i + 1) * Block);
        }

        await file.DisposeAsync();
        Assert.Equal(Enumerable.Range(0, 40).SelectMany(i => Pattern(Block, i)), OnDisk(file.Path));
    }

    [SkippableFact]
    public async Task What_somebody_else_writes_into_a_grown_file_is_read_and_stays()
    {
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 1 << 20 });
        await file.WriteAsync(0, Pattern(16 * Block));
        WriteAside(file.Path, 16 * Block, Pattern(Block, 7));
        using (var read = await file.ReadAsync(16 * Block, 2 * Block))
        {
            Assert.Equal(Pattern(Block, 7), read.GetSpan().ToArray());
        }

        await file.DisposeAsync();
        Assert.Equal([.. Pattern(16 * Block), .. Pattern(Block, 7)], OnDisk(file.Path));
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public async Task What_somebody_else_appends_behind_all_that_is_ours_is_read_and_stays(long ahead)
    {
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = ahead });
        await file.WriteAsync(0, Pattern(Block));
        var end = (int)LengthOnDisk(file.Path);
        WriteAside(file.Path, end, Pattern(Block, 7));
        using (var read = await file.ReadAsync(end, 2 * Block))
        {
            Assert.Equal(Pattern(Block, 7), read.GetSpan().ToArray());
        }

        await file.WriteAsync(end + Block, Pattern(Block, 8));
        await file.DisposeAsync();
        var content = OnDisk(file.Path);
        Assert.Equal([.. Pattern(Block, 7), .. Pattern(Block, 8)], content[end..(end + (2 * Block))]);
        Assert.Equal(end + (2 * Block), content.Length);
    }

    [SkippableFact]
    public async Task A_second_systems_data_in_a_grown_file_stays()
    {
        Skip.If(Kind == EngineKind.Memory, "its files are of one engine");
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 1 << 20 });
        await file.WriteAsync(0, Pattern(Block));
        var second = Akka.Actor.ActorSystem.Create("second", SetupOf(Kind, Engine, ""));
        await using (var other = await AioExt.Get(second).OpenAsync(file.Path, New with { Mode = FileMode.Open }))
        {
            await other.WriteAsync(Block, Pattern(Block, 2));
            await other.FlushAsync();
        }

        await second.Terminate();
        Assert.Equal(2 * Block, file.Length);
        await file.DisposeAsync();
        Assert.Equal([.. Pattern(Block), .. Pattern(Block, 2)], OnDisk(file.Path));
    }

    [SkippableFact]
    public async Task Reads_at_the_end_of_an_appended_file_give_what_was_written_or_nothing()
    {
        const int Records = 1000;
        var writer = await NewFile();
        var reader = await Ext.OpenAsync(writer.Path, new() { Direct = DirectIo.Required });
        var content = new byte[Block];
        content.AsSpan().Fill((byte)'a');
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var at = 0L; at < Records * Block && !done.IsCancellationRequested;)
            {
                using var read = await reader.ReadAsync(at, Block);
                Assert.False(read.GetSpan().ContainsAnyExcept((byte)'a'));
                at += read.Length;
            }
        })).ToArray();
        for (var i = 0; i < Records; i++)
        {
            await writer.WriteAsync(i * Block, content);
        }

        await Task.WhenAll(readers).WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task Length_is_right_after_a_cut_by_another_open_amid_writes()
    {
        var first = await NewFile();
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open });
        for (var round = 0; round < 200; round++)
        {
            var writes = Enumerable.Range(0, 8)
                .Select(i => first.WriteAsync((1 << 20) + (i * Block), new byte[Block]).AsTask()).ToArray();
            await second.SetLengthAsync(0);
            await Task.WhenAll(writes);

            // What was made longer for writes that the cut has taken goes a moment after their replies.
            Assert.True(
                await Comes(() => LengthOnDisk(first.Path) == first.Length),
                $"round {round}: {LengthOnDisk(first.Path)} bytes, Length {first.Length}, allocated to {first.Extent.AllocatedEnd}");
        }
    }

    [SkippableFact]
    public async Task A_write_far_behind_the_end_leaves_a_hole()
    {
        var file = await NewFile();
        await file.WriteAsync(64L << 20, Pattern(Block));
        if (Kind != EngineKind.Memory)
        {
            using var stat = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%b", file.Path]) { RedirectStandardOutput = true })!;
            var blocks = long.Parse(await stat.StandardOutput.ReadToEndAsync(), System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(512 * blocks, Block, 1 << 20);
        }

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

    private void WriteAside(string path, long offset, byte[] data)
    {
        if (Kind == EngineKind.Memory)
        {
            using var open = Engine.Open(path, new(FileMode.Open, FileAccess.ReadWrite, DirectIo.Off));
            open.Write(data, offset, dataSync: false);
            return;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = offset;
        stream.Write(data);
        stream.Flush(flushToDisk: true);
    }

    [SkippableFact]
    public async Task A_cancelled_append_leaves_no_length_behind()
    {
        var file = await NewFile();
        var write = Replies.Tell(new Aio.Write(file, 0, Pattern(Block)));
        Replies.Tell(new Aio.Cancel(write));
        var reply = await Replies.Of(write);
        await file.DisposeAsync();
        Assert.Equal(reply is Aio.CommandFailed { Outcome: AioOutcome.NotPerformed } ? 0 : Block, LengthOnDisk(file.Path));
    }
}

/// <summary>A read that was in the kernel before a write, and is settled behind it.</summary>
public sealed class LateReadSpecs
{
    private const int Block = 4096;

    [Fact]
    public async Task Zeros_that_a_read_found_before_they_were_written_to_are_no_data()
    {
        var engine = new WatchedEngine();
        var system = ActorSystem.Create("late", Akka.Actor.Setup.ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(AioTestKit.ConfigOf("")), new AioSetup(engine)));
        var aio = AioExt.Get(system);
        var options = new AioOpenOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, GrowAhead = 64 * Block };
        var writer = await aio.OpenAsync("/late", options);
        var reader = await aio.OpenAsync("/late", new() { Engine = "thread-pool" });
        var content = new byte[Block];
        content.AsSpan().Fill((byte)'a');
        await writer.WriteAsync(0, content);

        using var hasRead = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        var reads = 0;
        engine.OnRead = _ =>
        {
            if (Interlocked.Increment(ref reads) == 1)
            {
                hasRead.Release();
                goOn.Wait(Patience.Long);
            }
        };
        var read = reader.ReadAsync(Block, Block).AsTask();
        Assert.True(await hasRead.WaitAsync(Patience.Long));
        await writer.WriteAsync(Block, content);
        goOn.Set();

        using (var bytes = await read.WaitAsync(Patience.Long))
        {
            Assert.False(bytes.GetSpan().ContainsAnyExcept((byte)'a'));
        }

        await system.Terminate().WaitAsync(Patience.Long);
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
        Assert.Equal(Block, LengthOnDisk(file.Path));
    }

    [Fact]
    public async Task A_far_append_that_does_not_fit_leaves_a_near_one_alone()
    {
        var file = await NewFile(Block);
        var room = 8 * Block;
        Engine.OnAllocate = (_, end) => end > room ? Errno.ENOSPC : Errno.None;
        using var stuck = new Stuck(Engine, "fallocate", file.Path);
        var first = Replies.Tell(new Aio.Write(file, Block, new byte[Block]));
        stuck.AwaitEntered();
        var (far, near) = (Replies.Tell(new Aio.Write(file, 100 * Block, new byte[Block])), Replies.Tell(new Aio.Write(file, 2 * Block, new byte[Block])));
        await Fence(await NewFile(Block));
        stuck.LetGo();
        await Replies.Of<Aio.WriteCompleted>(first);
        await Replies.Of<Aio.WriteCompleted>(near);
        Assert.Equal(Errno.ENOSPC, Assert.IsType<AioSystemException>((await Replies.Of<Aio.CommandFailed>(far)).Cause).Errno);
        Assert.Equal(3 * Block, LengthOnDisk(file.Path));
    }

    [Fact]
    public async Task Of_neighbours_that_do_not_all_fit_those_that_fit_are_written()
    {
        var file = await NewFile(Block);
        Engine.OnAllocate = (_, end) => end > 8 * Block ? Errno.ENOSPC : Errno.None;
        using var stuck = new Stuck(Engine, "fallocate", file.Path);
        var first = Replies.Tell(new Aio.Write(file, Block, new byte[Block]));
        stuck.AwaitEntered();
        var writes = Enumerable.Range(2, 20).Select(i => Replies.Tell(new Aio.Write(file, i * Block, new byte[Block]))).ToArray();
        await Fence(await NewFile(Block));
        stuck.LetGo();
        await Replies.Of<Aio.WriteCompleted>(first);
        await Task.WhenAll(writes.Select(Replies.Of));
        Assert.Equal(6, writes.Count(write => Replies.Of(write).Result is Aio.WriteCompleted));
        Assert.Equal(8 * Block, LengthOnDisk(file.Path));
    }

    [Fact]
    public async Task Without_fallocate_nobody_elses_data_is_cut_off()
    {
        var direct = await NewFile();
        var buffered = await Ext.OpenAsync(direct.Path, New with { Mode = FileMode.Open, Direct = DirectIo.Off });
        Engine.OnFileCall = (call, _) => call == "fallocate" ? Errno.EOPNOTSUPP : Errno.None;
        await buffered.WriteAsync(0, Pattern(1_000_000));
        await direct.WriteAsync(0, Pattern(Block, 2));
        Assert.Equal([.. Pattern(Block, 2), .. Pattern(1_000_000)[Block..]], OnDisk(direct.Path));
        Assert.Equal(1_000_000, direct.Length);
    }

    [Fact]
    public async Task A_write_that_fails_after_a_growth_or_is_cancelled_leaves_the_disk_as_it_was()
    {
        var file = await NewFile(Block);
        Engine.OnOperation = (in IoRequest request) => request.Opcode == IoOpcode.Write ? new() { Error = Errno.EIO } : default;
        await Replies.Fails<AioSystemException>(new Aio.Write(file, Block, new byte[Block]));
        await Eventually(() => LengthOnDisk(file.Path) == Block, "the growth is taken back");

        Engine.OnOperation = null;
        using var stuck = new Stuck(Engine, "fallocate", file.Path);
        var write = Replies.Tell(new Aio.Write(file, Block, new byte[Block]));
        stuck.AwaitEntered();
        await Replies.Do<Aio.Canceled>(new Aio.Cancel(write));
        stuck.LetGo();
        await stuck.Left;
        await Fence(file);
        await Eventually(() => LengthOnDisk(file.Path) == Block, "the growth is taken back");
        await file.WriteAsync(Block, Pattern(Block, 3));
        Assert.Equal(Pattern(Block, 3), OnDisk(file.Path)[Block..]);
    }

    [Fact]
    public async Task A_write_that_is_refused_has_not_made_the_file_longer()
    {
        var calls = 0;
        var file = await NewFile(Block);
        Engine.OnFileCall = (call, _) =>
        {
            calls += call is "fallocate" or "ftruncate" ? 1 : 0;
            return Errno.None;
        };
        await Replies.Fails<AioAlignmentException>(new Aio.Write(file, 1 << 30, new byte[100]));
        await Replies.Fails<AioAlignmentException>(new Aio.WriteV(file, 100, new ReadOnlyMemory<byte>[] { new byte[Block] }));
        await Fence(file);
        Assert.Equal(0, calls);
    }

    [Fact]
    public async Task Close_leaves_the_tail_while_another_writers_append_is_in_it()
    {
        var first = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 64 * Block });
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open });
        await first.WriteAsync(0, Pattern(Block));
        Engine.OnOperation = (in IoRequest request) => request.Opcode == IoOpcode.Write ? new() { Hold = true } : default;
        var held = Replies.Tell(new Aio.Write(first, Block, Pattern(Block, 2)));
        await Eventually(() => Ext.Shards.Sum(shard => shard.Counters.Submitted) == 2, "it is in flight");
        await second.DisposeAsync();
        Assert.Equal(65 * Block, LengthOnDisk(first.Path));
        Engine.OnOperation = null;
        Engine.Release();
        await Replies.Of<Aio.WriteCompleted>(held);
        await first.DisposeAsync();
        Assert.Equal([.. Pattern(Block), .. Pattern(Block, 2)], OnDisk(first.Path));
    }

    [Theory]
    [InlineData(1, "in the tail")]
    [InlineData(80, "behind it")]
    public async Task A_buffered_write_of_another_open_is_kept_when_the_tail_is_cut(int block, string where)
    {
        var first = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 64 * Block });
        var other = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open, Direct = DirectIo.Off });
        await first.WriteAsync(0, Pattern(Block));
        Task? write = null;
        Engine.OnFileCall = (call, _) =>
        {
            if (call == "ftruncate" && write is null)
            {
                // After the look at the tail, before its cut. It is done in no time, or waits for the cut.
                write = Task.Run(() => other.WriteAsync(block * Block, Pattern(Block, 2)).AsTask());
                write.Wait(TimeSpan.FromSeconds(0.5));
            }

            return Errno.None;
        };
        await first.DisposeAsync();
        Assert.NotNull(write);
        await write.WaitAsync(Patience.Long);
        Assert.Equal((block + 1) * Block, other.Length);
        await other.DisposeAsync();
        Assert.True(
            OnDisk(other.Path).AsSpan().SequenceEqual([.. Pattern(Block), .. new byte[(block - 1) * Block], .. Pattern(Block, 2)]),
            $"the write {where} is lost");
    }

    [Fact]
    public async Task A_second_open_amid_buffered_appends_does_not_take_Length_back()
    {
        var first = await Ext.OpenAsync(NewPath(), New with { Direct = DirectIo.Off });
        await first.WriteAsync(0, Pattern(Block));
        Task? append = null;
        Engine.OnFileCall = (call, _) =>
        {
            if (call == "fstat" && append is null)
            {
                append = Task.Run(() => first.WriteAsync(Block, Pattern(Block, 2)).AsTask());
                Assert.True(append.Wait(Patience.Long), "the append is not answered");
            }

            return Errno.None;
        };
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open });
        Assert.NotNull(append);
        Assert.Equal((2 * Block, 2 * Block), (first.Length, second.Length));
    }

    [Fact]
    public async Task A_tail_is_taken_back_behind_the_writes_of_another_open_that_were_in_the_way()
    {
        var first = await NewFile(Block);
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open });
        Engine.OnOperation = (in IoRequest request) => request.Opcode != IoOpcode.Write ? default
            : request.Offset == 0 ? new() { Hold = true } : new() { Error = Errno.EIO };
        var held = Replies.Tell(new Aio.Write(second, 0, Pattern(Block)));
        await Replies.Fails<AioSystemException>(new Aio.Write(first, Block, new byte[Block]));
        for (var i = 0; i < 8; i++)
        {
            await Fence(first);
            await (await NewFile()).DisposeAsync(); // blocking threads have had time to look at the tail
        }

        Assert.Equal(2 * Block, LengthOnDisk(first.Path));
        Engine.Release();
        await Replies.Of<Aio.WriteCompleted>(held);
        await Eventually(() => LengthOnDisk(first.Path) == Block, "the tail is taken back");
        Assert.Equal(Pattern(Block), OnDisk(first.Path));
    }

    [Fact]
    public async Task A_second_open_that_empties_the_file_is_seen_in_the_firsts_length()
    {
        var first = await NewFile();
        await first.WriteAsync(0, Pattern(4 * Block));
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Truncate });
        Assert.Equal(0, first.Length);
        Assert.Equal(0, second.Length);
        Assert.Equal(Block, (await first.WriteAsync(0, Pattern(Block)).AsTask().ContinueWith(_ => first.Length, TaskScheduler.Default)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_trim_at_Close_is_as_durable_as_the_flush_before_it(bool flush)
    {
        var calls = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 16 * Block });
        await file.WriteAsync(0, Pattern(Block));
        if (flush)
        {
            await file.FlushAsync();
        }

        Engine.OnFileCall = (call, _) =>
        {
            calls.Enqueue(call);
            return Errno.None;
        };
        await file.DisposeAsync();
        Assert.Equal(flush, calls.SkipWhile(call => call != "ftruncate").Contains("fdatasync"));
        Assert.Contains("ftruncate", calls);
    }

    [Fact]
    public async Task A_tail_that_cannot_be_cut_is_no_error_of_Close()
    {
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 16 * Block });
        await file.WriteAsync(0, Pattern(Block));
        Engine.OnFileCall = (call, _) => call == "ftruncate" ? Errno.EPERM : Errno.None;
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        Assert.Equal(17 * Block, LengthOnDisk(file.Path));
    }

    [Fact]
    public async Task Append_goes_without_growth_ahead_only()
    {
        var options = New with { Mode = FileMode.Append };
        var path = NewPath();
        var error = await Replies.Fails<AioArgumentException>(new Aio.Open(path, options with { GrowAhead = 1 << 20 }));
        Assert.Contains("FileMode.Append", error.Message, StringComparison.Ordinal);
        Assert.Contains("GrowAhead", error.Message, StringComparison.Ordinal);
        Assert.Contains("-1", (await Replies.Fails<AioArgumentException>(new Aio.Open(path, New with { GrowAhead = -1 }))).Message, StringComparison.Ordinal);
        await using (var file = await Ext.OpenAsync(path, options))
        {
            await file.WriteAsync(file.Length, Pattern(Block));
        }

        await using (var file = await Ext.OpenAsync(path, options))
        {
            await file.WriteAsync(file.Length, Pattern(Block, 2));
        }

        Assert.Equal([.. Pattern(Block), .. Pattern(Block, 2)], OnDisk(path));
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
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 16 * Block });
        var other = await NewFile(Block);
        await file.WriteAsync(0, Pattern(Block));
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
        Assert.Equal(close ? 14 * Block : Block, LengthOnDisk(file.Path));
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
