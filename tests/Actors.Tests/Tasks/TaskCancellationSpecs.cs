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
        using var held = Rules.Any().Where(operation => operation.Kind != DiskOperationKind.Flush).Hold();
        using var cancellation = new CancellationTokenSource();
        var tasks = Enumerable.Range(0, 6).Select(i => i % 2 == 0
            ? file.RentReadAsync(0, Block, cancellation.Token).AsTask()
            : (Task)file.WriteAsync(Pattern(Block), 0, cancellation.Token).AsTask()).ToArray();
        await held.WhenHit(2);
        Assert.All(tasks, task => Assert.False(task.IsCompleted));
        await cancellation.CancelAsync();
        foreach (var task in tasks)
        {
            var canceled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience.Long));
            Assert.Equal(cancellation.Token, canceled.CancellationToken);
            Assert.True(task.IsCanceled);
        }

        Assert.Equal(2, Pool.RentedBuffers); // the kernel's
        held.Dispose();
        await Eventually(() => Pool.RentedBuffers == 0, "the kernel's memory is back");
        await file.FlushAsync();
    }

    [Fact]
    public async Task A_cancelled_flush_and_close_end_the_await()
    {
        var file = await NewFile(4 * Block);
        using var held = Rules.Any().Where(operation => operation.Kind != DiskOperationKind.Flush).Hold();
        var write = file.WriteAsync(Pattern(Block), 0).AsTask();
        using var cancellation = new CancellationTokenSource();
        var flush = file.FlushAsync(cancellation.Token).AsTask();
        var cut = file.SetLengthAsync(0, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flush.WaitAsync(Patience.Long));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cut.WaitAsync(Patience.Long));
        Assert.False(write.IsCompleted);
        held.Dispose();
        await write;
        await file.DisposeAsync();
    }

    [Fact]
    public async Task A_cancelled_OpenAsync_closes_what_it_opened()
    {
        _ = Ext;
        using var stuck = Rules.Opens().Hold();
        using var cancellation = new CancellationTokenSource();
        var open = Ext.OpenAsync(NewPath(), New, cancellation.Token);
        await stuck.WhenHit();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => open.WaitAsync(Patience.Long));
        stuck.Dispose();
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
}
