using Akka.Actor;
using AkkaAio.Shards;
using AkkaAio.Tasks;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Tasks;

/// <summary>An awaited operation takes the reply to its own command, once, and nothing else.</summary>
public sealed class OwnReplySpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "akka.io.aio.depth = 2", output)
{
    [Fact]
    public async Task Replies_to_other_commands_do_not_complete_it()
    {
        var file = await NewFile(4 * Block);
        Engine.OnOperation = (in _) => new OperationFault { Hold = true };
        var read = file.ReadAsync(new byte[10], 0).AsTask();
        var operation = await Requester();
        var command = (Aio.FileCommand)Ext.Shards[0].Loop.Slots[0].Command!;
        operation.Tell(Failed(new Aio.RentRead(file, 0, 1)));
        operation.Tell(Failed(new Aio.Cancel(command)));
        operation.Tell(new Aio.Canceled(new Aio.Cancel(command), found: true));
        operation.Tell("something else");
        Assert.False(read.IsCompleted);
        Engine.OnOperation = null;
        Engine.Release();
        Assert.Equal(10, await read.WaitAsync(Patience.Long));
    }

    [Fact]
    public async Task A_second_reply_is_ignored_also_in_the_pool_and_at_the_next_use()
    {
        var file = await NewFile(4 * Block);
        for (var i = 0; i < 50; i++)
        {
            Engine.OnOperation = (in _) => new OperationFault { Hold = true };
            var read = file.ReadAsync(new byte[10], 0).AsTask();
            var operation = await Requester();
            var command = Ext.Shards[0].Loop.Accepted.ToArray()[0].Command!;
            operation.Tell(Failed(command));
            operation.Tell(Failed(command));
            operation.Complete(command, 3);
            Assert.IsType<AioAbortedException>(await Assert.ThrowsAnyAsync<AioException>(() => read.WaitAsync(Patience.Long)));
            Engine.OnOperation = null;
            Engine.Release(); // the operation's own completion, late
            operation.Tell(Failed(command));
            Assert.Equal(7, await file.ReadAsync(new byte[7], 0)); // perhaps in the same pooled object
            operation.Tell(Failed(command));
            using var buffer = await file.RentReadAsync(0, 5);
            Assert.Equal(5, buffer.Length);
        }
    }

    [Fact]
    public async Task Ten_thousand_tokens_that_fire_as_the_command_is_told_end_their_awaits()
    {
        var file = await NewFile(4 * Block);
        Engine.OnOperation = (in _) => new OperationFault { Hold = true };
        await Task.WhenAll(Enumerable.Range(0, 2).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 5000; i++)
            {
                using var cancellation = new CancellationTokenSource();
                ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), cancellation, preferLocal: false);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(
                    () => file.RentReadAsync(0, 10, cancellation.Token).AsTask().WaitAsync(Patience.Long));
                await Assert.ThrowsAnyAsync<OperationCanceledException>(
                    () => file.WriteAsync(new byte[Block], 0, cancellation.Token).AsTask().WaitAsync(Patience.Long));
            }
        })));
        Engine.OnOperation = null;
        Engine.Release();
        await Eventually(() => Engine.Release() == 0 && Pool.RentedBuffers == 0, "the kernel's memory is back");
    }

    [Fact]
    public async Task A_token_that_fires_before_the_command_is_told_ends_the_await()
    {
        var file = await NewFile(4 * Block);
        Engine.OnOperation = (in _) => new OperationFault { Hold = true };
        for (var i = 0; i < 20; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var read = file.ReadAsync(new Cancelling(cancellation), 0, cancellation.Token).AsTask();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Patience.Long));
        }

        Engine.OnOperation = null;
        Engine.Release();
    }

    // Without the check of whose reply it is, the process ends within a second.
    [Theory]
    [InlineData("")]
    [InlineData("akka.coordinated-shutdown.run-by-actor-system-terminate = off")]
    public async Task Cancellations_that_meet_a_system_that_has_ended_end_their_awaits_alone(string hocon)
    {
        var healthy = await NewFile(4 * Block);
        var engine = new MemoryEngine();
        var system = ActorSystem.Create("ended", SetupOf(EngineKind.Memory, engine, hocon));
        var file = await AioExt.Get(system).OpenAsync("/memory/f", New with { PreallocationSize = 4 * Block });
        using var stop = new CancellationTokenSource();
        var beside = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal(10, await healthy.ReadAsync(new byte[10], 0));
            }
        });
        var racing = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => ReadAndCancel(file, 10_000))));
        await system.Terminate().WaitAsync(Patience.Long);
        await racing.WaitAsync(Patience.Long);
        await ReadAndCancel(file, 5_000);
        await stop.CancelAsync();
        await beside.WaitAsync(Patience.Long);
    }

    private static async Task ReadAndCancel(AioFile file, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    try
                    {
                        cancellation.Cancel();
                        cancelled.SetResult();
                    }
                    catch (Exception e)
                    {
                        cancelled.SetException(e);
                    }
                },
                null);
            try
            {
                using var buffer = await file.RentReadAsync(0, 10, cancellation.Token).AsTask().WaitAsync(Patience.Long);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Either is right.
            }

            await cancelled.Task;
        }
    }

    /// <summary>One buffer, and a token that is cancelled as the buffers are looked at: after the first look at the token.</summary>
    private sealed class Cancelling(CancellationTokenSource cancellation) : IReadOnlyList<Memory<byte>>
    {
        private readonly Memory<byte>[] _buffers = [new byte[Block]];

        public int Count => 1;

        public Memory<byte> this[int index] => _buffers[index];

        public IEnumerator<Memory<byte>> GetEnumerator()
        {
            cancellation.Cancel();
            return _buffers.AsEnumerable().GetEnumerator();
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private static Aio.CommandFailed Failed(Aio.Command command) =>
        new(command, new AioAbortedException(command.Name, null, "a test says so"), AioOutcome.NotPerformed);

    private async Task<AioOperation> Requester()
    {
        AioOperation? operation = null;
        await Eventually(
            () => Ext.Shards[0].Context is { Count: 1 } && // null: the shard has not started yet
                  (operation = (Ext.Shards[0].Loop.Accepted.ToArray().FirstOrDefault() as Operation)?.Requester as AioOperation)
                      is not null,
            "it is in flight");
        return operation!;
    }
}
