using Akka.Actor;
using AkkaAio.Interop.Engines;
using AkkaAio.Shards;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>
/// What the kernel keeps past the drain deadline, among flushes that wait for one another: each command has its reply, and no memory
/// comes back.
/// </summary>
public sealed class AbandonedSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "akka.io.aio.drain-timeout = 1 s", output)
{
    [Fact]
    public async Task A_write_behind_a_flush_that_waits_for_another_may_have_happened_and_keeps_its_memory()
    {
        var file = await StuckFile();
        var (first, second, write) = (await Held(new Aio.Flush(file), 1), Replies.Tell(new Aio.Flush(file)), await Held(Write(file), 2));
        await Sys.Terminate().WaitAsync(Patience.Long);
        await Replies.AssertOneEach(first, second, write);
        Assert.Equal(AioOutcome.MayHaveHappened, (await Replies.Of<Aio.CommandFailed>(write)).Outcome);
        Assert.Equal(1, Pool.RentedBuffers);
    }

    [Fact]
    public async Task Flushes_of_two_files_and_a_read_behind_them_have_their_replies()
    {
        var (file, other) = (await StuckFile(), await NewFile(Block));
        var first = await Held(new Aio.Flush(file), 1);
        var second = Replies.Tell(new Aio.Flush(file));
        var third = await Held(new Aio.Flush(other), 2);
        var read = await Held(new Aio.RentRead(file, 0, 2 * Block), 3);
        await Sys.Terminate().WaitAsync(Patience.Long);
        await Replies.AssertOneEach(first, second, third, read);
    }

    [Fact]
    public async Task A_restart_answers_them_too_and_the_file_can_be_closed()
    {
        var file = await StuckFile();
        var (first, second, write) = (await Held(new Aio.Flush(file), 1), Replies.Tell(new Aio.Flush(file)), await Held(Write(file), 2));
        Ext.Shards[0].Ref.Tell(Kill.Instance);
        await Replies.AssertOneEach(first, second, write);
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
    }

    [Fact]
    public async Task A_reap_that_fails_while_the_shard_is_stuck_in_a_submit_restarts_it_behind_that()
    {
        var file = await StuckFile();
        var read = await Held(new Aio.RentRead(file, 0, 2 * Block), 1);
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        Engine.OnSubmit = requests =>
        {
            if (requests[0].Length == 3 * Block)
            {
                entered.Set();
                leave.Wait(Patience.Long);
            }

            return default;
        };
        var slow = Replies.Tell(new Aio.RentRead(file, 0, 3 * Block));
        Assert.True(entered.Wait(Patience.Long));
        var shard = Ext.Shards[0];
        shard.Tell(new ReapFailed(shard.Reaping!, new InvalidOperationException("a reap failed")), ActorRefs.NoSender);
        var canceled = new Aio.Cancel(read);
        Assert.True((await Replies.Do<Aio.Canceled>(canceled)).Found); // a visitor has taken up what came before it
        leave.Set();
        await Eventually(() => shard.Counters.Restarts == 1, "it has restarted");
        await Replies.AssertOneEach(read, slow, canceled);
    }

    private static Aio.Write Write(AioFile file) => new(file, new byte[2 * Block], 0);

    private async Task<AioFile> StuckFile()
    {
        Abandons = true;
        var file = await NewFile(64 * Block);
        Engine.OnOperation = (in request) =>
            new OperationFault { Hold = request.Opcode == IoOpcode.DataSync || request.Length == 2 * Block };
        return file;
    }

    private async Task<T> Held<T>(T command, int count)
        where T : Aio.Command
    {
        Replies.Tell(command);
        await Eventually(() => Ext.Shards[0].Context!.Count == count, $"{count} are in the kernel");
        return command;
    }
}
