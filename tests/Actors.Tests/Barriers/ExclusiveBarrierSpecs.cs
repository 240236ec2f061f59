using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Barriers;

public sealed class ExclusiveBarrierSpecs(ITestOutputHelper output) : ExclusiveBarrierSpecsBase("akka.io.aio.shards = 1", output);

public sealed class StripedExclusiveBarrierSpecs(ITestOutputHelper output)
    : ExclusiveBarrierSpecsBase("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

/// <summary>SetLength, Allocate and Close come after everything before them and before everything behind them.</summary>
public abstract class ExclusiveBarrierSpecsBase(string hocon, ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, hocon, output)
{
    [Theory]
    [InlineData("SetLength")]
    [InlineData("Allocate")]
    [InlineData("Close")]
    public async Task It_waits_for_earlier_reads_and_writes(string kind)
    {
        var (file, other) = (await NewFile(64 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == Block };
        var write = Replies.Tell(new Aio.Write(file, new byte[Block], Block));
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 9 * Block));
        Aio.BarrierCommand barrier = kind switch
        {
            "SetLength" => new Aio.SetLength(file, 70 * Block),
            "Allocate" => new Aio.Allocate(file, 0, 70 * Block),
            _ => new Aio.Close(file),
        };
        Replies.Tell(barrier);
        await Fence(other);
        Assert.False(Replies.Has(barrier));
        Assert.Equal(2, Engine.OpenFiles);
        Assert.Equal(1, Engine.Release(request => request.Opcode == IoOpcode.Write));
        await Replies.Of<Aio.WriteCompleted>(write);
        await Fence(other);
        Assert.False(Replies.Has(barrier));
        Assert.Equal(64 * Block, LengthOnDisk(file.Path));
        Assert.Equal(2, Engine.OpenFiles);
        Assert.Equal(1, Engine.Release());
        Assert.IsNotType<Aio.CommandFailed>(await Replies.Of(barrier));
        await Replies.AssertOneEach(write, read, barrier);
        Assert.Equal(kind == "Close" ? 1 : 2, Engine.OpenFiles);
        Assert.Equal(kind == "Close" ? 64 * Block : 70 * Block, LengthOnDisk(file.Path));
    }

    [Fact]
    public async Task Commands_behind_a_SetLength_wait_for_it_and_are_done_after_it()
    {
        var (file, other) = (await NewFile(8 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) =>
            new OperationFault { Hold = request.Opcode == IoOpcode.Write && request.Offset == 0 && request.Length == Block };
        var before = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        var cut = Replies.Tell(new Aio.SetLength(file, 0));
        var reads = Enumerable.Range(0, 8).Select(i => Replies.Tell(new Aio.ReadInto(file, new byte[Block], i * Block))).ToArray();
        var writes = Enumerable.Range(4, 4).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));
        var again = Replies.Tell(new Aio.SetLength(file, 6 * Block));
        var last = Replies.Tell(new Aio.ReadInto(file, new byte[8 * Block], 0));
        var close = Replies.Tell(new Aio.Close(file));
        var late = Replies.Tell(new Aio.RentRead(file, 0, 1));
        await Fence(other);
        Assert.Equal(0, Replies.Count);
        Assert.Equal(8 * Block, LengthOnDisk(file.Path));

        Engine.Release();
        await Replies.AssertOneEach([before, cut, .. reads, .. writes, flush, again, last, close, late]);
        Assert.Equal(before, Replies.InOrder[0].Command);
        Assert.Equal(cut, Replies.InOrder[1].Command);
        Assert.IsType<Aio.LengthSet>(Replies.InOrder[1]);
        var order = Replies.InOrder.Select(reply => reply.Command).ToList();
        Assert.All(writes, write => Assert.True(order.IndexOf(write) < order.IndexOf(flush)));
        Assert.All<Aio.Command>([.. reads, .. writes, flush], command => Assert.True(order.IndexOf(command) < order.IndexOf(again)));
        Assert.True(order.IndexOf(again) < order.IndexOf(last));
        Assert.Equal(6 * Block, (await Replies.Of<Aio.ReadIntoCompleted>(last)).Count);
        Assert.True(order.IndexOf(last) < order.IndexOf(close));
        Assert.IsType<Aio.Closed>(await Replies.Of(close));
        Assert.IsType<AioClosedException>((await Replies.Of<Aio.CommandFailed>(late)).Cause);
        byte[] expected = [.. new byte[4 * Block], .. Pattern(Block, 4), .. Pattern(Block, 5)];
        Assert.Equal(expected, OnDisk(file.Path));
        Assert.Equal(expected, last.Destination.Span[..(6 * Block)].ToArray());
        Assert.All(reads.Take(4), read => Assert.All(read.Destination.ToArray(), value => Assert.Equal(0, value)));
    }

    [Fact]
    public async Task Two_SetLengths_are_done_in_the_order_told()
    {
        var file = await NewFile();
        for (var i = 0; i < 50; i++)
        {
            var lengths = Enumerable.Range(1, 5).Select(n => Replies.Tell(new Aio.SetLength(file, n * 1000))).ToArray();
            await Replies.Of<Aio.LengthSet>(lengths[^1]);
            Assert.All(lengths, length => Assert.True(Replies.Has(length)));
            Assert.Equal(5000, file.Length);
            Assert.Equal(5000, LengthOnDisk(file.Path));
        }
    }

    [Fact]
    public async Task Other_files_go_on_while_a_SetLength_waits_and_runs()
    {
        var (file, other) = (await NewFile(8 * Block), await NewFile(Block));
        using var stuck = Rules.SetLengths(file.Path).Hold();
        var cut = Replies.Tell(new Aio.SetLength(file, 0));
        var behind = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));
        await stuck.WhenHit();
        await Fence(other);
        await Replies.Do<Aio.Flushed>(new Aio.Flush(other));
        await Replies.Do<Aio.LengthSet>(new Aio.SetLength(other, 5));
        Assert.False(Replies.Has(cut));
        Assert.False(Replies.Has(behind));
        stuck.Release();
        await Replies.Of<Aio.LengthSet>(cut);
        Assert.Equal(0, (await Replies.Of<Aio.ReadIntoCompleted>(behind)).Count);
    }

    [Fact]
    public async Task A_SetLength_that_fails_is_typed_and_what_waited_goes_on()
    {
        var file = await NewFile(8 * Block);
        Engine.OnFileCall = (call, _) => call == "ftruncate" ? Errno.EIO : Errno.None;
        var cut = Replies.Tell(new Aio.SetLength(file, 0));
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 7 * Block));
        Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>((await Replies.Of<Aio.CommandFailed>(cut)).Cause).Errno);
        Assert.Equal(Block, (await Replies.Of<Aio.ReadIntoCompleted>(read)).Count);
        Assert.Equal(8 * Block, file.Length);
    }

    [Fact]
    public async Task A_flush_before_a_SetLength_is_answered_before_it()
    {
        var (file, other) = (await NewFile(8 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Opcode == IoOpcode.DataSync };
        var flush = Replies.Tell(new Aio.Flush(file));
        var cut = Replies.Tell(new Aio.SetLength(file, 0));
        await Fence(other);
        Assert.Equal(8 * Block, LengthOnDisk(file.Path));
        Assert.False(Replies.Has(cut));
        await Eventually(() => Engine.Release() == 1, "the fdatasync is in flight, and released");
        await Replies.Of<Aio.LengthSet>(cut);
        Assert.Equal([flush, cut], Replies.InOrder.Select(reply => reply.Command));
        Assert.IsType<Aio.Flushed>(Replies.InOrder[0]);
    }

    [Fact]
    public async Task A_flush_behind_a_Close_is_refused_even_while_the_Close_waits()
    {
        var (file, other) = (await NewFile(8 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Opcode == IoOpcode.Write };
        var write = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        var close = Replies.Tell(new Aio.Close(file));
        Aio.FileCommand[] late =
        [
            new Aio.Flush(file), new Aio.SetLength(file, 0), new Aio.Close(file), new Aio.RentRead(file, 0, 1),
            new Aio.Write(file, new byte[Block], 0),
        ];
        foreach (var command in late)
        {
            await Replies.Fails<AioClosedException>(command);
        }

        await Fence(other);
        Assert.False(Replies.Has(close));
        Engine.Release();
        await Replies.Of<Aio.Closed>(close);
        await Replies.AssertOneEach([write, close, .. late]);
        Assert.Equal(Pattern(Block), OnDisk(file.Path)[..Block]);
    }

    [Fact]
    public async Task Many_callers_barriers_at_once_never_lock_each_other_out()
    {
        var files = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => NewFile(16 * Block)));
        Engine.OnOperation = (in request) => new OperationFault { Delay = (int)(request.Offset / Block % 3) };
        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            var replies = new Replies(Sys);
            for (var round = 0; round < 40; round++)
            {
                var file = files[random.Next(files.Length)];
                var commands = new List<Aio.Command>();
                for (var i = random.Next(1, 8); i > 0; i--)
                {
                    commands.Add(random.Next(6) switch
                    {
                        0 => new Aio.Flush(file),
                        1 => new Aio.SetLength(file, 16 * Block),
                        2 => new Aio.Allocate(file, 0, 16 * Block),
                        3 => new Aio.ReadInto(file, new byte[100], random.Next(16) * Block),
                        _ => new Aio.Write(file, new byte[Block], random.Next(16) * Block),
                    });
                }

                foreach (var command in commands)
                {
                    replies.Tell(command);
                }

                foreach (var command in commands)
                {
                    Assert.IsNotType<Aio.CommandFailed>(await replies.Of(command));
                }
            }
        })));
        await Task.WhenAll(files.Select(async file => await Replies.Do<Aio.Closed>(new Aio.Close(file))));
    }

    [Fact]
    public async Task Of_many_callers_closes_one_succeeds()
    {
        for (var round = 0; round < 10; round++)
        {
            var file = await NewFile(16 * Block);
            var closes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
                Replies.Of(Replies.Tell(new Aio.Close(file))))));
            Assert.Single(closes, reply => reply is Aio.Closed);
            Assert.Equal(7, closes.Count(reply => reply is Aio.CommandFailed { Cause: AioClosedException }));
        }
    }

    [Fact]
    public async Task A_barrier_of_one_caller_covers_what_another_was_answered()
    {
        // B is told after A's write was answered: B's SetLength comes after it.
        var file = await NewFile();
        for (var i = 0; i < 50; i++)
        {
            await file.WriteAsync(Pattern(Block), i % 4 * Block);
            var other = new Replies(Sys);
            await other.Do<Aio.LengthSet>(new Aio.SetLength(file, 0));
            Assert.Empty(OnDisk(file.Path));
        }
    }
}
