using AkkaAio.Tasks;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Tasks;

/// <summary>The queue between a shard's thread and the pool.</summary>
public sealed class ShardThreadSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    [Fact]
    public async Task What_waits_for_a_thread_that_does_not_come_back_and_what_comes_later_is_done_by_the_pool()
    {
        _ = Ext;
        var dispatcher = Sys.Dispatchers.Lookup(AioSettings.DispatcherId("shard"));
        using var go = new ManualResetEventSlim();
        dispatcher.Schedule(() => go.Wait(Patience.Long));
        var thread = new ShardThread(dispatcher, Ext.Log);
        var (done, onPool) = (new int[4], new SemaphoreSlim(0));
        PostTo(0);
        PostTo(1);
        Assert.Equal(0, done.Sum());
        thread.End();
        Assert.True(await onPool.WaitAsync(Patience.Long));
        Assert.True(await onPool.WaitAsync(Patience.Long));
        PostTo(2);
        PostTo(3);
        Assert.True(await onPool.WaitAsync(Patience.Long));
        Assert.True(await onPool.WaitAsync(Patience.Long));

        go.Set();
        var after = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        dispatcher.Schedule(after.SetResult); // behind what the thread had been asked for
        await after.Task.WaitAsync(Patience.Long);
        Assert.All(done, times => Assert.Equal(1, times));

        void PostTo(int index) => thread.Post(
            _ =>
            {
                Interlocked.Increment(ref done[index]);
                Assert.True(Thread.CurrentThread.IsThreadPoolThread);
                onPool.Release();
            },
            null);
    }

    [Fact]
    public async Task Each_piece_of_work_is_done_once_although_the_shard_ends_amid_it()
    {
        const int Senders = 3;
        const int Each = 2000;
        for (var round = 0; round < 50; round++)
        {
            var thread = new ShardThread(Sys.Dispatchers.Lookup("akka.actor.default-dispatcher"), Ext.Log);
            var (alone, done) = (new Exclusive(), new int[Senders * Each]);
            using var left = new CountdownEvent(Senders * Each);
            using var start = new Barrier(Senders + 1);
            var senders = Enumerable.Range(0, Senders).Select(sender => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    for (var i = 0; i < Each; i++)
                    {
                        var index = (sender * Each) + i;
                        thread.Post(
                            _ =>
                            {
                                if (SynchronizationContext.Current == thread)
                                {
                                    alone.Do(() => Interlocked.Increment(ref done[index]));
                                }
                                else
                                {
                                    Interlocked.Increment(ref done[index]);
                                }

                                left.Signal();
                            },
                            null);
                    }
                },
                TaskCreationOptions.LongRunning)).ToArray();
            start.SignalAndWait();
            Thread.SpinWait(round * 500);
            thread.End();
            await Task.WhenAll(senders).WaitAsync(Patience.Long);
            Assert.True(left.Wait(Patience.Long), $"{left.CurrentCount} were left lying");
            Assert.All(done, times => Assert.Equal(1, times));
            Assert.Equal(0, alone.Met);
        }
    }
}
