using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class CancelSpecs(ITestOutputHelper output) : CancelSpecsBase("akka.io.aio.depth = 4", output);

public sealed class StripedCancelSpecs(ITestOutputHelper output)
    : CancelSpecsBase("akka.io.aio { depth = 4, shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

/// <summary>Cancel answers a command now: what was queued is never done, what the kernel has keeps its memory.</summary>
public abstract partial class CancelSpecsBase : AioTestKit
{
    private readonly ConcurrentBag<long> _performed = [];

    protected CancelSpecsBase(string hocon, ITestOutputHelper output)
        : base(EngineKind.Memory, hocon, output) => Script(hold: true);

    [Fact]
    public async Task A_queued_command_is_answered_at_once_and_never_done()
    {
        var file = await NewFile(4 * Block);
        var blockers = Enumerable.Range(0, 4).Select(_ => Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0))).ToArray();
        var write = Replies.Tell(new Aio.Write(file, Pattern(Block), 0));
        var read = Replies.Tell(new Aio.RentRead(file, 0, 2 * Block));
        foreach (var command in new Aio.TransferCommand[] { write, read })
        {
            Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(command))).Found);
            var failed = await Replies.Of<Aio.CommandFailed>(command);
            Assert.IsType<AioCanceledException>(failed.Cause);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        }

        Script(hold: false);
        Engine.Release();
        await Task.WhenAll(blockers.Select(Replies.Of));
        await Fence(file);
        Assert.Equal(new byte[Block], OnDisk(file.Path)[..Block]);
        Assert.DoesNotContain(_performed, length => length == 2 * Block);
        Assert.Equal(4 + 2 + 2, Replies.Count);
    }

    [Fact]
    public async Task A_command_in_flight_is_answered_at_once_and_its_buffer_stays_out_until_the_kernel_is_done()
    {
        var file = await FileOf(Pattern(4 * Block));
        var read = Replies.Tell(new Aio.RentRead(file, 0, Block));
        await InFlight(1);
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(read))).Found);
        var failed = await Replies.Of<Aio.CommandFailed>(read);
        Assert.IsType<AioCanceledException>(failed.Cause);
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        Assert.Equal(1, Pool.RentedBuffers);
        Script(hold: false);
        Assert.Equal(1, Engine.Release());
        await Eventually(() => Pool.RentedBuffers == 0, "the buffer is back");
        await Fence(file);
        Assert.Equal(2, Replies.Count);
    }

    [Fact]
    public async Task A_write_in_flight_may_have_happened()
    {
        var file = await NewFile(4 * Block);
        using var buffer = Pool.Rent(Block);
        Pattern(Block).CopyTo(buffer.GetSpan());
        var write = Replies.Tell(new Aio.Write(file, buffer, 0));
        await InFlight(1);
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(write))).Found);
        Assert.Equal(AioOutcome.MayHaveHappened, (await Replies.Of<Aio.CommandFailed>(write)).Outcome);
        Script(hold: false);
        Engine.Release();
        await Fence(file);
        Assert.Equal(Pattern(Block), OnDisk(file.Path)[..Block]);
    }

    [Fact]
    public async Task A_cancelled_ReadInto_leaves_managed_memory_alone()
    {
        var file = await FileOf(Pattern(4 * Block));
        var into = new byte[Block];
        var read = Replies.Tell(new Aio.ReadInto(file, into, 0));
        await InFlight(1);
        await Replies.Do<Aio.Canceled>(new Aio.Cancel(read));
        Script(hold: false);
        Engine.Release();
        await Fence(file);
        Assert.Equal(new byte[Block], into);
    }

    [Theory]
    [InlineData("in flight and queued")]
    [InlineData("queued")]
    [InlineData("held")]
    [InlineData("barrier")]
    public async Task A_command_that_was_told_twice_has_two_replies_and_a_Cancel_ends_both(string kind)
    {
        var file = await NewFile(4 * Block);
        var blockers = new List<Aio.Command>();
        var depth = kind == "in flight and queued" ? 3 : 50;
        blockers.AddRange(Enumerable.Range(0, depth).Select(_ => Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0))));
        if (kind is "held" or "barrier")
        {
            blockers.Add(Replies.Tell(new Aio.SetLength(file, 4 * Block)));
        }

        Aio.FileCommand command = kind switch
        {
            "barrier" => new Aio.SetLength(file, 8 * Block),
            _ => new Aio.Write(file, new byte[Block], 0),
        };
        Replies.Tell(command);
        Replies.Tell(command);
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(command))).Found);
        await Eventually(() => Replies.InOrder.Count(reply => reply.Command == command) == 2, "both tellings are answered");
        Assert.All(Replies.InOrder.Where(reply => reply.Command == command), reply =>
            Assert.IsType<AioCanceledException>(Assert.IsType<Aio.CommandFailed>(reply).Cause));
        Assert.False((await Replies.Do<Aio.Canceled>(new Aio.Cancel(command))).Found);
        Script(hold: false);
        await Eventually(() => Engine.Release() == 0 && blockers.TrueForAll(Replies.Has), "the others are answered");
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        Assert.Equal(blockers.Count + 2 + 2 + 1, Replies.Count);
        Assert.Equal(0, (await Stats()).Shards.Sum(shard => shard.Restarts));
    }

    // A Cancel that looked through all that waits would take minutes here.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Twenty_thousand_of_sixty_thousand_that_wait_are_cancelled(bool behindBarrier)
    {
        const int Count = 60_000;
        var file = await NewFile(4 * Block);
        var blockers = Enumerable.Range(0, 50).Select(_ => Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0))).ToArray();
        if (behindBarrier)
        {
            Replies.Tell(new Aio.SetLength(file, 4 * Block));
        }

        var into = new byte[1];
        var reads = Enumerable.Range(0, Count).Select(_ => Replies.Tell(new Aio.ReadInto(file, into, 0))).ToArray();
        var canceled = reads.Where((_, i) => i % 3 == 2).ToArray();
        var cancels = canceled.Select(read => Replies.Tell(new Aio.Cancel(read))).ToArray();
        await Task.WhenAll(cancels.Select(Replies.Of)).WaitAsync(Patience.Long);
        Assert.All(cancels, cancel => Assert.True(((Aio.Canceled)Replies.Of(cancel).Result).Found));
        Assert.Equal(2 * cancels.Length, Replies.Count);
        Script(hold: false);
        await Eventually(() => Engine.Release() == 0 && reads.All(Replies.Has), "the others are done");
        Assert.Equal(Count - canceled.Length, Replies.InOrder.Count(reply => reply is Aio.ReadIntoCompleted { Command.Length: 1 }));
        Assert.All(blockers, blocker => Assert.True(Replies.Has(blocker)));
    }

    [Fact]
    public async Task A_command_that_was_told_twice_is_done_twice()
    {
        var file = await NewFile(4 * Block);
        var read = new Aio.ReadInto(file, new byte[Block], 0);
        for (var i = 0; i < 100; i++)
        {
            Replies.Tell(read);
        }

        Script(hold: false);
        await Eventually(() => Engine.Release() == 0 && Replies.Count == 100, "each telling is answered");
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        Assert.Equal(101, Replies.Count);
    }

    [Fact]
    public async Task A_Cancel_of_a_Cancel_is_refused_however_deep()
    {
        Script(hold: false);
        var file = await NewFile(4 * Block);
        var cancel = new Aio.Cancel(new Aio.Flush(file));
        for (var depth = 0; depth < 300_000; depth++)
        {
            cancel = new Aio.Cancel(cancel);
        }

        await Replies.Fails<AioArgumentException>(cancel);
        var again = new Aio.Cancel(cancel);
        Ext.Shards[0].Ref.Tell(again, Replies);
        Assert.IsType<AioArgumentException>((await Replies.Of<Aio.CommandFailed>(again)).Cause);
        var third = new Aio.Cancel(cancel);
        Disk.Tell(new Aio.Batch(third), Replies);
        Assert.IsType<AioArgumentException>((await Replies.Of<Aio.CommandFailed>(third)).Cause);
    }

    [Fact]
    public async Task Of_an_answered_command_nothing_is_found()
    {
        Script(hold: false);
        var file = await NewFile(4 * Block);
        var write = await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        var flush = await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        var refused = (Aio.FileCommand)(await Replies.Do<Aio.CommandFailed>(new Aio.RentRead(file, -1, 1))).Command;
        foreach (var command in new Aio.FileCommand[] { write.Command, flush.Command, refused, new Aio.RentRead(file, 0, 1) })
        {
            Assert.False((await Replies.Do<Aio.Canceled>(new Aio.Cancel(command))).Found);
        }
    }

    [Fact]
    public async Task A_requester_whose_waiting_commands_are_all_cancelled_is_let_go_and_may_come_again()
    {
        var file = await NewFile(4 * Block);
        var waiting = Enumerable.Range(0, 200).Select(_ => Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0))).ToArray();
        var gone = await Canceled(); // behind the one above, which has some left in each shard's queue
        var again = new Replies(Sys);
        await Cancel(again);
        for (var answered = 0; answered < 40; answered += 4)
        {
            await Eventually(() => Engine.Release() > 0 || Replies.Count >= 40, "some are done, so that everybody had a turn");
        }

        await Eventually(() =>
        {
            GC.Collect();
            return !gone.IsAlive;
        }, "the first is let go, while others wait");
        Assert.False(waiting.All(Replies.Has));
        var late = Enumerable.Range(0, 4).Select(_ => again.Tell(new Aio.ReadInto(file, new byte[Block], 0))).ToArray();
        Script(hold: false);
        await Eventually(() => Engine.Release() == 0 && late.All(again.Has) && waiting.All(Replies.Has), "all are done");

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<WeakReference> Canceled()
        {
            var requester = new Replies(Sys);
            await Cancel(requester);
            return new WeakReference(requester);
        }

        async Task Cancel(Replies requester)
        {
            for (var shard = 0; shard < Ext.Shards.Length; shard++)
            {
                var read = requester.Tell(new Aio.ReadInto(file, new byte[Block], shard * Block));
                Assert.True((await requester.Do<Aio.Canceled>(new Aio.Cancel(read))).Found);
            }
        }
    }

    [Fact]
    public async Task The_second_cancel_finds_nothing()
    {
        var file = await NewFile(4 * Block);
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));
        await InFlight(1);
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(read))).Found);
        Assert.False((await Replies.Do<Aio.Canceled>(new Aio.Cancel(read))).Found);
        Engine.Release();
        await Eventually(() => Engine.Release() == 0 && Pool.RentedBuffers == 0, "done");
        Assert.Equal(3, Replies.Count);
    }

    [Fact]
    public async Task Of_two_equal_commands_just_the_named_one_is_cancelled()
    {
        var file = await NewFile(4 * Block);
        var one = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));
        var two = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));
        await InFlight(2);
        Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(two))).Found);
        Assert.False(Replies.Has(one));
        Engine.Release();
        await Replies.Of<Aio.ReadIntoCompleted>(one);
        await Replies.Of<Aio.CommandFailed>(two);
    }

    [Fact]
    public async Task A_cancel_told_to_the_file_s_shard_finds_the_command_too()
    {
        var file = await NewFile(64 * Block);
        var reads = Enumerable.Range(0, 8).Select(i => Replies.Tell(new Aio.ReadInto(file, new byte[Block], i * Block))).ToArray();
        var cancels = reads.Select(read => new Aio.Cancel(read)).ToArray();
        foreach (var cancel in cancels)
        {
            file.Shard.Tell(cancel, Replies);
            var canceled = await Replies.Of<Aio.Canceled>(cancel);
            Assert.Equal(canceled.Found, Replies.Has(cancel.Command));
            Assert.True(canceled.Found);
        }

        Script(hold: false);
        Engine.Release();
        await Eventually(() => Pool.RentedBuffers == 0, "done");
    }

    [Fact]
    public async Task Cancels_that_race_with_replies_give_one_reply_each()
    {
        var file = await NewFile(64 * Block);
        Engine.OnOperation = (in request) => new OperationFault { Delay = (int)(request.Offset / Block % 4) };
        var commands = new List<Aio.FileCommand>();
        var cancels = new List<Aio.Cancel>();
        await Task.WhenAll(
            Task.Run(() => Tell(0)), Task.Run(() => Tell(1)), Task.Run(() => Tell(2)));
        await Task.WhenAll([.. commands.Select(Replies.Of), .. cancels.Select(Replies.Of)]);
        var buffers = Replies.InOrder.OfType<Aio.RentReadCompleted>().ToArray();
        foreach (var read in buffers)
        {
            read.Buffer.Dispose();
        }

        await Replies.Do<Aio.Closed>(new Aio.Close(file)); // everything is back
        await Replies.AssertOneEach([.. commands, .. cancels, Replies.InOrder[^1].Command]);
        foreach (var cancel in cancels)
        {
            var found = (await Replies.Of<Aio.Canceled>(cancel)).Found;
            Assert.Equal(found, await Replies.Of(cancel.Command) is Aio.CommandFailed { Cause: AioCanceledException });
        }

        Assert.Contains(cancels, cancel => ((Aio.Canceled)Replies.Of(cancel).Result).Found);
        await Eventually(() => Pool.RentedBuffers == 0, "every buffer is back");

        void Tell(int seed)
        {
            var random = new Random(seed);
            for (var i = 0; i < 500; i++)
            {
                Aio.FileCommand command = random.Next(4) switch
                {
                    0 => new Aio.Write(file, new byte[Block], random.Next(64) * Block),
                    1 => new Aio.ReadInto(file, new byte[100], random.Next(64) * Block),
                    2 => new Aio.Flush(file),
                    _ => new Aio.RentRead(file, random.Next(64) * Block, 100),
                };
                lock (commands)
                {
                    commands.Add(command);
                }

                Replies.Tell(command);
                if (random.Next(2) == 0)
                {
                    var cancel = new Aio.Cancel(command);
                    lock (commands)
                    {
                        cancels.Add(cancel);
                    }

                    Replies.Tell(cancel);
                }
            }
        }
    }

    private void Script(bool hold) => Engine.OnOperation = (in request) =>
    {
        _performed.Add(request.Length);
        return new OperationFault { Hold = hold && request.Opcode != IoOpcode.DataSync };
    };

    private Task InFlight(int count) => AwaitAssertAsync(async () =>
        Assert.Equal(count, (await Stats()).Shards.Sum(shard => shard.InFlight)));

    private new async Task<Aio.Stats> Stats() => await new Replies(Sys).Do<Aio.Stats>(new Aio.GetStats());
}
