using System.Collections.Concurrent;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

/// <summary>A short read is continued until there is no more; a short write is continued or fails.</summary>
public sealed class ShortTransferSpecs : AioTestKit
{
    private readonly ConcurrentQueue<IoRequest> _requests = new();

    public ShortTransferSpecs(ITestOutputHelper output)
        : base(EngineKind.Memory, "", output) => ShortTo(_ => null);

    [Fact]
    public async Task A_short_read_in_the_middle_is_continued_until_there_is_no_more()
    {
        var content = Pattern(4 * Block);
        var file = await FileOf(content);
        ShortTo(_ => 1024);
        using (var read = await file.RentReadAsync(0, 2 * Block))
        {
            Assert.Equal(content[..(2 * Block)], read.GetSpan().ToArray());
        }

        using (var read = await file.RentReadAsync(1000, 2 * Block)) // widened to 512
        {
            Assert.Equal(content[1000..(1000 + (2 * Block))], read.GetSpan().ToArray());
        }

        var calls = 0;
        ShortTo(_ => ++calls < 3 ? 1024 : 0);
        using (var read = await file.RentReadAsync(0, 2 * Block))
        {
            Assert.Equal(content[..2048], read.GetSpan().ToArray());
        }

        ShortTo(_ => null);
        var managed = new byte[100];
        Assert.Equal(100, await file.ReadAsync(managed, 1000));
        Assert.Equal(content[1000..1100], managed);
        ShortTo(_ => 0);
        Assert.Equal(0, await file.ReadAsync(managed, 1000));
        using var none = await file.RentReadAsync(1000, 50);
        Assert.Equal(0, none.Length);
    }

    [Fact]
    public async Task An_error_behind_a_short_read_is_the_reads_error()
    {
        var file = await FileOf(Pattern(4 * Block));
        var calls = 0;
        Engine.OnOperation = (in IoRequest _) => ++calls == 1 ? new() { ShortTo = 1024 } : new() { Error = Errno.EIO };
        Assert.Equal(Errno.EIO, (await Replies.Fails<AioSystemException>(new Aio.RentRead(file, 0, 2 * Block))).Errno);
    }

    [Fact]
    public async Task A_read_that_stops_before_the_asked_offset_gives_nothing_and_nothing_negative()
    {
        var file = await FileOf(Pattern(4 * Block));
        ShortTo(_ => 100);
        using var read = await file.RentReadAsync(500, 1000);
        Assert.Equal(0, read.Length);
        Assert.Equal(0, await file.ReadAsync(new byte[10], 511));
    }

    [Fact]
    public async Task A_short_write_is_continued_where_it_stopped()
    {
        var file = await NewFile(16 * Block);
        var calls = 0;
        ShortTo(_ => ++calls <= 3 ? 1024 : null);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, Pattern(2 * Block), 0));
        Assert.Equal(Pattern(2 * Block), OnDisk(file.Path)[..(2 * Block)]);
        Assert.Equal([0, 1024, 2048, 3072], Offsets);
        Assert.Equal([2 * Block, (2 * Block) - 1024, (2 * Block) - 2048, (2 * Block) - 3072], _requests.Select(request => request.Length));
    }

    [Fact]
    public async Task It_is_continued_at_an_aligned_offset()
    {
        var file = await NewFile(16 * Block);
        var calls = 0;
        ShortTo(_ => ++calls switch { 1 => 700, 2 => 1100, _ => null });
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, Pattern(2 * Block), Block));
        Assert.Equal(Pattern(2 * Block), OnDisk(file.Path)[Block..(3 * Block)]);
        Assert.Equal([Block, Block + 512, Block + 512 + 1024], Offsets);
        Assert.All(_requests, request => Assert.Equal(0, request.Length % 512));
    }

    [Fact]
    public async Task A_write_that_is_cut_short_for_ever_fails_with_what_was_written()
    {
        var file = await NewFile(64 * Block);
        ShortTo(_ => 512);
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Write(file, Pattern(16 * Block), Block));
        var error = Assert.IsType<AioShortWriteException>(failed.Cause);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        Assert.InRange(_requests.Count, 2, 32);
        Assert.Equal(_requests.Count * 512, error.Written);
        Assert.Equal((Block, 16 * Block), (error.Offset, error.Length));
        Assert.Equal(Pattern(16 * Block)[..(int)error.Written], OnDisk(file.Path)[Block..(Block + (int)error.Written)]);
    }

    [Fact]
    public async Task A_write_that_makes_no_progress_at_all_fails_too()
    {
        var file = await NewFile(64 * Block);
        ShortTo(_ => 0);
        var error = await Replies.Fails<AioShortWriteException>(new Aio.Write(file, Pattern(Block), 0));
        Assert.Equal(0, error.Written);
        Assert.InRange(_requests.Count, 2, 32);
        ShortTo(_ => 100); // never a whole sector
        error = await Replies.Fails<AioShortWriteException>(new Aio.Write(file, Pattern(Block), 0));
        Assert.InRange(error.Written, 0, 100);
        ShortTo(_ => null);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, Pattern(Block), 0));
    }

    [Fact]
    public async Task An_error_in_the_rest_says_what_was_written_before_it()
    {
        var file = await NewFile(64 * Block);
        var calls = 0;
        Engine.OnOperation = (in _) => ++calls == 1 ? new OperationFault { ShortTo = 1024 } : new OperationFault { Error = Errno.ENOSPC };
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Write(file, Pattern(Block), 0));
        var error = Assert.IsType<AioShortWriteException>(failed.Cause);
        Assert.Equal(1024, error.Written);
        Assert.Equal(Errno.ENOSPC, Assert.IsType<AioSystemException>(error.InnerException).Errno);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
    }

    [Fact]
    public async Task A_refusal_of_the_rest_at_submit_may_have_written_a_part()
    {
        var file = await NewFile(64 * Block);
        var calls = 0;
        ShortTo(_ => 1024);
        Engine.OnSubmit = _ => ++calls == 1 ? default : new SubmitFault { Error = Errno.EINVAL };
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Write(file, Pattern(Block), 0));
        Assert.Equal(1024, Assert.IsType<AioShortWriteException>(failed.Cause).Written);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
    }

    [Fact]
    public async Task Barriers_wait_for_the_rest_of_a_short_write()
    {
        var file = await NewFile(64 * Block);
        var calls = 0;
        Engine.OnOperation = (in request) => request.Opcode != IoOpcode.Write ? default
            : ++calls == 1 ? new OperationFault { ShortTo = 1024 } : new OperationFault { Hold = true };
        var other = await NewFile(Block);
        var write = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        var flush = Replies.Tell(new Aio.Flush(file));
        var close = Replies.Tell(new Aio.Close(file));
        await Fence(other);
        Assert.False(Replies.Has(flush));
        Assert.False(Replies.Has(close));
        Assert.Equal(1, Engine.Release());
        await Replies.AssertOneEach(write, flush, close);
        Assert.Equal([write, flush, close], Replies.InOrder.Select(reply => reply.Command));
        Assert.Equal(Pattern(Block), OnDisk(file.Path)[..Block]);
    }

    [Fact]
    public async Task Many_short_writes_at_once_are_all_completed()
    {
        var file = await NewFile(64 * Block);
        var random = new Random(3);
        ShortTo(request => random.Next(3) == 0 ? random.Next(request.Length) : null);
        var writes = Enumerable.Range(0, 64).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        await Replies.AssertOneEach(writes);
        foreach (var (write, i) in writes.Select((write, i) => (write, i)))
        {
            if (await Replies.Of(write) is Aio.WriteCompleted)
            {
                Assert.Equal(Pattern(Block, i), OnDisk(file.Path)[(i * Block)..((i + 1) * Block)]);
            }
        }

        Assert.InRange(Replies.InOrder.Count(reply => reply is Aio.WriteCompleted), 60, 64);
    }

    private IEnumerable<long> Offsets => _requests.Select(request => request.Offset);

    private void ShortTo(Func<IoRequest, int?> shortTo)
    {
        _requests.Clear();
        Engine.OnOperation = (in request) =>
        {
            _requests.Enqueue(request);
            return new OperationFault { ShortTo = shortTo(request) };
        };
    }
}
