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
            await file.WriteAsync(Pattern(Block, i), i * Block);
            Assert.Equal((i + 1) * Block, file.Length);
        }

        using (var read = await file.RentReadAsync((blocks * Block) - 10, 1000))
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
        var writes = order.Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
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
            var before = Enumerable.Range(0, 40).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
            var cut = Replies.Tell(new Aio.SetLength(file, Block));
            var after = Replies.Tell(new Aio.Write(file, Pattern(Block, 99), 2 * Block));
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
            await file.WriteAsync(Pattern(Block, i), i * Block);
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
        await file.WriteAsync(Pattern(16 * Block), 0);
        WriteAside(file.Path, 16 * Block, Pattern(Block, 7));
        using (var read = await file.RentReadAsync(16 * Block, 2 * Block))
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
        await file.WriteAsync(Pattern(Block), 0);
        var end = (int)LengthOnDisk(file.Path);
        WriteAside(file.Path, end, Pattern(Block, 7));
        using (var read = await file.RentReadAsync(end, 2 * Block))
        {
            Assert.Equal(Pattern(Block, 7), read.GetSpan().ToArray());
        }

        await file.WriteAsync(Pattern(Block, 8), end + Block);
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
        await file.WriteAsync(Pattern(Block), 0);
        var second = Akka.Actor.ActorSystem.Create("second", SetupOf(Kind, Engine, ""));
        await using (var other = await AioExt.Get(second).OpenAsync(file.Path, New with { Mode = FileMode.Open }))
        {
            await other.WriteAsync(Pattern(Block, 2), Block);
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
                using var read = await reader.RentReadAsync(at, Block);
                Assert.False(read.GetSpan().ContainsAnyExcept((byte)'a'));
                at += read.Length;
            }
        })).ToArray();
        for (var i = 0; i < Records; i++)
        {
            await writer.WriteAsync(content, i * Block);
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
                .Select(i => first.WriteAsync(new byte[Block], (1 << 20) + (i * Block)).AsTask()).ToArray();
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
        await file.WriteAsync(Pattern(Block), 64L << 20);
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
        await writer.WriteAsync(Pattern(Block), 0);
        var reader = await Ext.OpenAsync(writer.Path);
        await writer.DisposeAsync();
        await reader.DisposeAsync();
        Assert.Equal(Pattern(Block), OnDisk(writer.Path));
    }

    [SkippableFact]
    public async Task A_second_open_s_data_behind_the_first_one_s_end_is_kept()
    {
        var first = await NewFile();
        await first.WriteAsync(Pattern(Block), 0);
        var second = await Ext.OpenAsync(first.Path, New with { Mode = FileMode.Open });
        await second.WriteAsync(Pattern(Block, 2), 2 * Block);
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
        await Replies.Fails<AioAlignmentException>(new Aio.Write(file, new byte[10], (8 * Block) + 1));
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
        var write = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        Replies.Tell(new Aio.Cancel(write));
        var reply = await Replies.Of(write);
        await file.DisposeAsync();
        Assert.Equal(reply is Aio.CommandFailed { Outcome: AioOutcome.NotPerformed } ? 0 : Block, LengthOnDisk(file.Path));
    }
}
