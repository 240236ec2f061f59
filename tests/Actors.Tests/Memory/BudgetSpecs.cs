using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Memory;

/// <summary>The pool's budget bounds the native memory; beyond it reads fail typed, nothing hangs, and it recovers.</summary>
public sealed class BudgetSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio.buffer-pool.budget = 1 MiB", output)
{
    [Fact]
    public async Task Beyond_the_budget_reads_and_copying_writes_fail_typed_and_work_again_later()
    {
        var file = await NewFile(64 * Block);
        var kept = new List<AioBuffer>();
        while (Pool.TryRent(64 * 1024) is { } buffer)
        {
            kept.Add(buffer);
        }

        Assert.Equal(16, kept.Count);
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.RentRead(file, 0, 64 * 1024));
        var error = Assert.IsType<AioBufferBudgetException>(failed.Cause);
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        Assert.Equal((64 * 1024, 1 << 20), (error.Requested, error.Budget));
        await Replies.Fails<AioBufferBudgetException>(new Aio.ReadInto(file, new byte[64 * 1024], 0));
        await Replies.Fails<AioBufferBudgetException>(new Aio.Write(file, new byte[64 * 1024], 0));

        // What needs no memory of the pool goes on.
        Assert.Equal(Block, (await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, kept[0].Memory[..Block], 0))).Count);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, kept[0].Memory[..Block], 0));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));

        kept[0].Dispose();
        (await Replies.Do<Aio.RentReadCompleted>(new Aio.RentRead(file, 0, 64 * 1024))).Buffer.Dispose();
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[64 * 1024], 0));
        kept.ForEach(buffer => buffer.Dispose());
        Assert.Equal(0, Pool.RentedBuffers);
    }

    [Fact]
    public async Task A_write_that_the_budget_refuses_leaves_the_file_as_long_as_it_was()
    {
        var calls = 0;
        var file = await NewFile(Block);
        Engine.OnFileCall = (call, _) =>
        {
            calls += call == "fallocate" ? 1 : 0;
            return Errno.None;
        };
        await Replies.Fails<AioBufferBudgetException>(new Aio.Write(file, new byte[2 << 20], Block));
        Assert.Equal(0, calls);

        var kept = new List<AioBuffer>();
        while (Pool.TryRent(64 * 1024) is { } buffer)
        {
            kept.Add(buffer);
        }

        await Replies.Fails<AioBufferBudgetException>(new Aio.Write(file, new byte[64 * 1024], Block));
        await Eventually(() => LengthOnDisk(file.Path) == Block, "what it was made longer by is taken back");
        kept.ForEach(buffer => buffer.Dispose());
    }

    [Fact]
    public async Task A_burst_beyond_the_budget_answers_every_read_and_never_exceeds_it()
    {
        var file = await NewFile(64 * Block);
        Engine.OnOperation = (in _) => new OperationFault { Delay = 5 };
        for (var round = 0; round < 5; round++)
        {
            var reads = Enumerable.Range(0, 200).Select(_ => Replies.Tell(new Aio.RentRead(file, 0, 32 * 1024))).ToArray();
            var kept = new List<AioBuffer>();
            foreach (var read in reads)
            {
                switch (await Replies.Of(read))
                {
                    case Aio.RentReadCompleted completed:
                        kept.Add(completed.Buffer);
                        break;
                    case Aio.CommandFailed failed:
                        Assert.IsType<AioBufferBudgetException>(failed.Cause);
                        break;
                    default:
                        Assert.Fail("neither");
                        break;
                }
            }

            Assert.InRange(kept.Count, 1, 32);
            Assert.InRange(Pool.AllocatedBytes, 1, 1 << 20);
            kept.ForEach(buffer => buffer.Dispose());
        }
    }

    [Fact]
    public async Task A_read_larger_than_the_budget_fails_typed()
    {
        var file = await NewFile(Block);
        await Replies.Fails<AioBufferBudgetException>(new Aio.RentRead(file, 0, 2 << 20));
        await Replies.Fails<AioBufferBudgetException>(new Aio.RentRead(file, 0, 1 << 30));
        using var read = await file.RentReadAsync(0, 1);
        Assert.Equal(1, read.Length);
    }
}
