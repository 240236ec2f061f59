using Akka.Actor;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Failures;

// Calls that block are under way, or stuck in the kernel, as the system ends.
public abstract partial class ShutdownSpecsBase
{
    [Theory]
    [InlineData("ftruncate")]
    [InlineData("fdatasync")]
    public async Task A_barrier_that_is_carried_out_as_the_system_ends_is_waited_for(string blocks)
    {
        var file = await NewFile(4 * Block);

        // The context has no fdatasync: a blocking thread does it.
        Engine.OnSubmit = requests => requests[0].Opcode == IoOpcode.DataSync ? new SubmitFault { Error = Errno.EINVAL } : default;
        using var stuck = (blocks == "ftruncate" ? Rules.SetLengths() : Rules.Flushes()).Hold();
        Aio.Command barrier = blocks == "ftruncate" ? new Aio.SetLength(file, Block) : new Aio.Flush(file);
        Replies.Tell(barrier);
        await stuck.WhenHit();
        var end = Terminate();
        if (UsesCoordination)
        {
            await Eventually(() => Ext.Shards.All(shard => shard.Loop.Draining), "the shards drain");
            for (var i = 0; i < 20; i++)
            {
                await new Replies(Sys).Do<Aio.Stats>(new Aio.GetStats()); // time enough for a shard that says it has none left
            }

            Assert.DoesNotContain(Ext.Shards, shard => shard.Context!.StopRequested); // which ends the drain
            stuck.Dispose();
            await end;
            Assert.IsNotType<Aio.CommandFailed>(await Replies.Of(barrier));
        }
        else
        {
            stuck.Dispose();
            await end;
            await Replies.Of(barrier); // done or aborted
        }

        await Replies.AssertOneEach(barrier);
    }

    [Fact]
    public async Task An_open_that_is_under_way_is_answered_and_its_file_closed()
    {
        _ = Ext;
        await Stats();
        using var stuck = Rules.Opens().Hold();
        var open = Replies.Tell(new Aio.Open(NewPath(), New));
        var task = Ext.OpenAsync(NewPath(), New);
        await stuck.WhenHit(2);
        await Terminate();
        stuck.Dispose();
        var reply = await Replies.Of(open);
        Assert.True(reply is Aio.Opened or Aio.CommandFailed, $"{reply}");
        await Task.WhenAny(task).WaitAsync(Patience.Long);
        await Eventually(() => Rules.Operations.Count(operation => operation.Kind == DiskOperationKind.Close) == 2, "the files are closed");
    }

    [Fact]
    public async Task A_buffered_operation_that_is_stuck_is_answered_and_its_memory_comes_back_when_it_ends()
    {
        Abandons = true; // its memory comes back only after the test has let it go
        var file = await NewFile(8 * Block, DirectIo.Off);
        using var stuck = Rules.Writes().Hold();
        var write = Replies.Tell(new Aio.Write(file, new byte[10], 0));
        await stuck.WhenHit();
        await Terminate();
        var failed = await Replies.Of<Aio.CommandFailed>(write);
        Assert.IsType<AioAbortedException>(failed.Cause);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        stuck.Dispose();

        await Eventually(() => Pool.RentedBuffers == 0, "the memory is back");
    }

    [Fact]
    public async Task More_buffered_operations_than_there_are_blocking_threads_are_stuck_and_the_end_is_bounded_all_the_same()
    {
        Abandons = true;
        var file = await NewFile(64 * Block, DirectIo.Off);
        using var stuck = Rules.Writes().Hold();
        var writes = Enumerable.Range(0, 40).Select(i => Replies.Tell(new Aio.Write(file, new byte[1], i))).ToArray();
        await stuck.WhenHit(16); // blocking-dispatcher.threads
        await Terminate();
        await Replies.AssertOneEach(writes);
        stuck.Dispose();

        await Eventually(() => Pool.RentedBuffers == 0, "the memory is back");
    }

    [Theory]
    [InlineData("open")]
    [InlineData("ftruncate")]
    [InlineData("close")]
    public async Task A_call_on_a_file_that_is_stuck_in_the_kernel_does_not_hold_up_the_end(string call)
    {
        Abandons = true;
        var file = await NewFile(8 * Block);
        using var stuck = (call switch { "open" => Rules.Opens(), "close" => Rules.Closes(), _ => Rules.SetLengths() }).Hold();
        Aio.Command command = call switch
        {
            "open" => new Aio.Open(NewPath(), New),
            "close" => new Aio.Close(file),
            _ => new Aio.SetLength(file, Block),
        };
        Replies.Tell(command);
        await stuck.WhenHit();
        await Terminate();
        await Replies.AssertOneEach(command);
        Assert.Equal(AioOutcome.MayHaveHappened, (await Replies.Of<Aio.CommandFailed>(command)).Outcome);
        stuck.Dispose();

        await Eventually(() => Engine.OpenFiles == 0, "the files are closed when the call returns");
    }

    [Fact]
    public async Task A_file_whose_close_is_under_way_at_the_end_is_released_once()
    {
        Abandons = true;
        var file = await NewFile(Block);
        using var other = ActorSystem.Create("other", SetupOf(EngineKind.Memory, Engine, ""));
        var second = await AioExt.Get(other).OpenAsync(file.Path, New with { Mode = FileMode.Open });
        using var stuck = Rules.Closes().Hold();
        Replies.Tell(new Aio.Close(file));
        await stuck.WhenHit();
        await Sys.Terminate().WaitAsync(Patience.Long);
        stuck.Dispose();

        await Eventually(() => Engine.OpenFiles == 1, "it is closed");

        // Twice would be once for the second open, which then shares its length with nobody.
        var third = await AioExt.Get(other).OpenAsync(file.Path, New with { Mode = FileMode.Open });
        await third.WriteAsync(Pattern(Block), Block);
        Assert.Equal(2 * Block, second.Length);
        await other.Terminate().WaitAsync(Patience.Long);
    }
}
