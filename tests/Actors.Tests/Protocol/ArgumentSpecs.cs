using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class ArgumentSpecsOnLinuxAio(ITestOutputHelper output) : ArgumentSpecs(EngineKind.LinuxAio, "", output);

public sealed class ArgumentSpecsOnMemory(ITestOutputHelper output) : ArgumentSpecs(EngineKind.Memory, "", output);

public sealed class StripedArgumentSpecsOnMemory(ITestOutputHelper output)
    : ArgumentSpecs(EngineKind.Memory, "akka.io.aio { shards = 4, shard-by = stripe }", output);

/// <summary>What no file could serve is refused typed, nothing happens, and the shard lives on.</summary>
public abstract class ArgumentSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    public static TheoryData<long, int> ImpossibleReads { get; } = new()
    {
        { -1, 1 }, { -1, 0 }, { long.MinValue, 1 }, { 0, -1 }, { 0, int.MinValue }, { 0, int.MaxValue }, { -1, -1 },
        { long.MaxValue, 1 }, { long.MaxValue, int.MaxValue }, { long.MaxValue - 4096, 1 }, { long.MaxValue - 100, 100 },
    };

    [SkippableTheory]
    [MemberData(nameof(ImpossibleReads))]
    public async Task An_impossible_range_is_refused_with_its_values(long offset, int length)
    {
        var file = await NewFile(Block);
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.RentRead(file, offset, length));
        var error = Assert.IsType<AioArgumentException>(failed.Cause);
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        Assert.Equal((offset, (long)length, file.Path, "read"), (error.Offset, error.Length, error.Path, error.Operation));
        await AssertLives(file);
    }

    [SkippableTheory]
    [InlineData(long.MaxValue - 200, 100, "widened to the alignment")]
    [InlineData(long.MaxValue - 100, 100, "widened to the alignment")]
    [InlineData(long.MaxValue - 99, 100, "beyond the largest file")]
    public async Task Near_the_largest_file_the_error_says_what_is_wrong(long offset, int length, string why)
    {
        var file = await NewFile(Block);
        var refused = await Replies.Fails<AioArgumentException>(new Aio.RentRead(file, offset, length));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(-1)]
    [InlineData(-Block)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue - Block + 1)]
    public async Task A_write_at_an_impossible_offset_is_refused(long offset)
    {
        var file = await NewFile(Block);
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Write(file, new byte[Block], offset));
        Assert.IsType<AioArgumentException>(failed.Cause);
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        await AssertLives(file);
    }

    [SkippableTheory]
    [InlineData(0x7fff_ffff_ffff_0000)]
    [InlineData(0x7fff_ffff_ffff_d000)]
    [InlineData(1L << 62)]
    [InlineData(1L << 50)]
    public async Task A_read_far_behind_the_end_reads_nothing_or_fails_typed(long offset)
    {
        var file = await NewFile(Block);
        foreach (var start in new[] { offset, offset + 1 })
        {
            var reply = await Replies.Of(Replies.Tell(new Aio.RentRead(file, start, 100)));
            switch (reply)
            {
                case Aio.RentReadCompleted read:
                    Assert.Equal(0, read.Count);
                    read.Buffer.Dispose();
                    break;
                default:
                    Assert.IsAssignableFrom<AioException>(Assert.IsType<Aio.CommandFailed>(reply).Cause);
                    break;
            }
        }

        await AssertLives(file);
    }

    [SkippableTheory]
    [InlineData(0x7fff_ffff_ffff_0000)]
    [InlineData(1L << 62)]
    [InlineData(1L << 50)]
    public async Task A_write_beyond_what_the_file_system_can_do_fails_with_EFBIG(long offset)
    {
        var file = await NewFile(Block);
        var error = await Replies.Fails<AioSystemException>(new Aio.Write(file, new byte[Block], offset));
        Assert.Equal(Errno.EFBIG, error.Errno);
        Assert.Equal(offset, error.Offset);
        await AssertLives(file);
    }

    [SkippableFact]
    public async Task Impossible_barriers_are_refused()
    {
        var file = await NewFile(Block);
        Aio.BarrierCommand[] commands =
        [
            new Aio.SetLength(file, -1), new Aio.SetLength(file, long.MinValue), new Aio.Allocate(file, -1, 1),
            new Aio.Allocate(file, 0, 0), new Aio.Allocate(file, 0, -1), new Aio.Allocate(file, long.MaxValue, 1),
            new Aio.Allocate(file, 1, long.MaxValue), new Aio.Allocate(file, long.MinValue, long.MaxValue),
        ];
        foreach (var command in commands)
        {
            var failed = await Replies.Do<Aio.CommandFailed>(command);
            Assert.IsType<AioArgumentException>(failed.Cause);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        }

        Assert.Equal(Block, file.Length);
        await AssertLives(file);
    }

    [SkippableFact]
    public async Task Lengths_that_no_file_system_has_fail_typed()
    {
        var file = await NewFile(Block);
        var error = await Replies.Fails<AioSystemException>(new Aio.SetLength(file, long.MaxValue));
        Assert.Contains(error.Errno, new[] { Errno.EFBIG, Errno.EINVAL });
        error = await Replies.Fails<AioSystemException>(new Aio.Allocate(file, 1L << 62, 1));
        Assert.Contains(error.Errno, new[] { Errno.EFBIG, Errno.EINVAL });
        Assert.Equal(Block, file.Length);
        await AssertLives(file);
    }

    [SkippableFact]
    public async Task A_file_opened_for_reading_is_not_written()
    {
        var content = Pattern(Block);
        var path = (await FileOf(content)).Path;
        var file = await Ext.OpenAsync(path);
        Assert.Equal(FileAccess.Read, file.Access);
        await Replies.Fails<AioArgumentException>(new Aio.Write(file, new byte[Block], 0));
        await Replies.Fails<AioArgumentException>(new Aio.SetLength(file, 0));
        await Replies.Fails<AioArgumentException>(new Aio.Allocate(file, 0, 2 * Block));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        Assert.Equal(content, ContentOf(file));
    }

    [SkippableFact]
    public async Task A_file_opened_for_writing_is_not_read()
    {
        var file = await Ext.OpenAsync(NewPath(), New with { Access = FileAccess.Write });
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        await Replies.Fails<AioArgumentException>(new Aio.RentRead(file, 0, 1));
        await Replies.Fails<AioArgumentException>(new Aio.ReadInto(file, new byte[1], 0));
    }

    [SkippableFact]
    public async Task Null_arguments_throw_where_the_command_is_made()
    {
        var file = await NewFile(Block);
        Assert.Throws<ArgumentNullException>(() => new Aio.Open(null!));
        Assert.Throws<ArgumentException>(() => new Aio.Open(""));
        Assert.Throws<ArgumentNullException>(() => new Aio.RentRead(null!, 0, 1));
        Assert.Throws<ArgumentNullException>(() => new Aio.ReadInto(null!, new byte[1], 0));
        Assert.Throws<ArgumentNullException>(() => new Aio.ReadInto(file, (AioBuffer)null!, 0));
        Assert.Throws<ArgumentNullException>(() => new Aio.Write(null!, new byte[1], 0));
        Assert.Throws<ArgumentNullException>(() => new Aio.Write(file, (AioBuffer)null!, 0));
        Assert.Throws<ArgumentNullException>(() => new Aio.Flush(null!));
        Assert.Throws<ArgumentNullException>(() => new Aio.SetLength(null!, 0));
        Assert.Throws<ArgumentNullException>(() => new Aio.Allocate(null!, 0, 1));
        Assert.Throws<ArgumentNullException>(() => new Aio.Close(null!));
        Assert.Throws<ArgumentNullException>(() => new Aio.Cancel(null!));
        Assert.Throws<ArgumentNullException>(() => AioExt.Get(null!));
        Assert.Throws<ArgumentNullException>(() => AioSettings.Create(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Ext.OpenAsync(null!));
        var disposed = Pool.Rent(Block);
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new Aio.Write(file, disposed, 0));
        Assert.Throws<ObjectDisposedException>(() => new Aio.ReadInto(file, disposed, 0));
    }

    [SkippableFact]
    public async Task Commands_told_to_the_file_s_shard_are_done_as_well()
    {
        var file = await NewFile(Block);
        var probe = CreateTestProbe();
        async Task<T> Told<T>(Aio.Command command)
        {
            file.Shard.Tell(command, probe.Ref);
            return await probe.ExpectMsgAsync<T>();
        }

        await Told<Aio.WriteCompleted>(new Aio.Write(file, Pattern(Block), 0));
        await Told<Aio.WriteCompleted>(new Aio.Write(file, Pattern(Block), 1 << 20));
        await Told<Aio.Flushed>(new Aio.Flush(file));
        (await Told<Aio.RentReadCompleted>(new Aio.RentRead(file, 3, 5))).Buffer.Dispose();
        (await Told<Aio.RentReadCompleted>(new Aio.RentRead(file, 1 << 20, 5))).Buffer.Dispose();
        await Told<Aio.LengthSet>(new Aio.SetLength(file, Block));
        await Told<Aio.Allocated>(new Aio.Allocate(file, 0, 2 * Block));
        await Told<Aio.Canceled>(new Aio.Cancel(new Aio.RentRead(file, 0, 1)));
        await Told<Aio.Stats>(new Aio.GetStats());
        await (await Told<Aio.Opened>(new Aio.Open(NewPath(), New))).File.DisposeAsync();
        await Told<Aio.Closed>(new Aio.Close(file));
        await Told<Aio.CommandFailed>(new Aio.RentRead(file, 0, 1));
        await Told<Aio.CommandFailed>(new Aio.Close(file));
        Assert.False(probe.HasMessages);
        Assert.Equal(0, (await Stats()).Shards.Sum(shard => shard.Restarts));
    }

    private async Task AssertLives(AioFile file)
    {
        using var read = await file.RentReadAsync(0, Block);
        Assert.Equal(Block, read.Length);
        Assert.Equal(0, (await Stats()).Shards.Sum(shard => shard.Restarts));
    }
}
