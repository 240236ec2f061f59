using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Tasks;

/// <summary>A CancellationToken ends the await; the memory waits for the kernel.</summary>
public sealed class TaskCancellationSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "akka.io.aio.depth = 2", output)
{
    [Fact]
    public async Task In_flight_and_queued_commands_are_cancelled()
    {
        var file = await NewFile(4 * Block);
        Hold();
        using var cancellation = new CancellationTokenSource();
        var tasks = Enumerable.Range(0, 6).Select(i => i % 2 == 0
            ? file.RentReadAsync(0, Block, cancellation.Token).AsTask()
            : (Task)file.WriteAsync(Pattern(Block), 0, cancellation.Token).AsTask()).ToArray();
        await Eventually(() => Ext.Shards[0].Context is { Count: 2 }, "two are in flight");
        Assert.All(tasks, task => Assert.False(task.IsCompleted));
        await cancellation.CancelAsync();
        foreach (var task in tasks)
        {
            var canceled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience.Long));
            Assert.Equal(cancellation.Token, canceled.CancellationToken);
            Assert.True(task.IsCanceled);
        }

        Assert.Equal(2, Pool.RentedBuffers); // the kernel's
        Engine.OnOperation = null;
        Engine.Release();
        await Eventually(() => Pool.RentedBuffers == 0, "the kernel's memory is back");
        await file.FlushAsync();
    }

    [Fact]
    public async Task A_cancelled_flush_and_close_end_the_await()
    {
        var file = await NewFile(4 * Block);
        Hold();
        var write = file.WriteAsync(Pattern(Block), 0).AsTask();
        using var cancellation = new CancellationTokenSource();
        var flush = file.FlushAsync(cancellation.Token).AsTask();
        var cut = file.SetLengthAsync(0, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flush.WaitAsync(Patience.Long));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cut.WaitAsync(Patience.Long));
        Assert.False(write.IsCompleted);
        Engine.OnOperation = null;
        Engine.Release();
        await write;
        await file.DisposeAsync();
    }

    [Fact]
    public async Task A_cancelled_OpenAsync_closes_what_it_opened()
    {
        _ = Ext;
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        Engine.OnFileCall = (call, _) =>
        {
            if (call == "open")
            {
                entered.Set();
                leave.Wait(Patience.Long);
            }

            return Errno.None;
        };
        using var cancellation = new CancellationTokenSource();
        var open = Ext.OpenAsync(NewPath(), New, cancellation.Token);
        Assert.True(entered.Wait(Patience.Long));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => open.WaitAsync(Patience.Long));
        leave.Set();
        Engine.OnFileCall = null;
        await Eventually(() => Engine.OpenFiles == 0, "the file is closed again");
        await using var other = await NewFile();
        await AwaitAssertAsync(async () => Assert.Equal(1, (await Stats()).OpenFiles));
    }

    [Fact]
    public async Task A_token_that_is_cancelled_after_the_reply_changes_nothing()
    {
        var file = await NewFile(4 * Block);
        for (var i = 0; i < 200; i++)
        {
            using var cancellation = new CancellationTokenSource();
            Assert.Equal(5, await file.ReadAsync(new byte[5], 0, cancellation.Token));
            await cancellation.CancelAsync();
            Assert.Equal(7, await file.ReadAsync(new byte[7], 0)); // perhaps in the same pooled object
        }
    }

    private void Hold() =>
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Opcode != IoOpcode.DataSync };
}
