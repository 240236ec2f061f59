using System.Diagnostics;
using AkkaAio.Tasks;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Tasks;

[Collection(MachineCollection.Name)]
public sealed class BlockedWaitsOnLinuxAio(ITestOutputHelper output) : BlockedWaitSpecs(EngineKind.LinuxAio, output);

[Collection(MachineCollection.Name)]
public sealed class BlockedWaitsOnIoUring(ITestOutputHelper output) : BlockedWaitSpecs(EngineKind.IoUring, output);

[Collection(MachineCollection.Name)]
public sealed class BlockedWaitsOnPosixAio(ITestOutputHelper output) : BlockedWaitSpecs(EngineKind.PosixAio, output);

[Collection(MachineCollection.Name)]
public sealed class BlockedWaitsOnThreadPool(ITestOutputHelper output) : BlockedWaitSpecs(EngineKind.ThreadPool, output);

[Collection(MachineCollection.Name)]
public sealed class BlockedWaitsOnMemory(ITestOutputHelper output) : BlockedWaitSpecs(EngineKind.Memory, output);

/// <summary>Threads of the pool that block until an operation is done do not wait for another thread of the pool.</summary>
public abstract class BlockedWaitSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "akka.io.aio.depth = 16", output)
{
    private const int Waits = 64;

    [SkippableFact]
    public async Task Every_thread_of_the_pool_may_block_on_an_operation()
    {
        var file = await NewFile(Waits * Block);
        var (done, blocks) = (new CountdownEvent(Waits), new byte[Block]);
        var failed = 0;
        var start = Stopwatch.GetTimestamp();
        var isDone = WithSmallPool(() =>
        {
            for (var i = 0; i < Waits; i++)
            {
                var offset = i * (long)Block;
                ThreadPool.UnsafeQueueUserWorkItem(_ => WriteAndRead(offset), null);
            }

            return done.Wait(Patience.Long);
        });
        Output!.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalMilliseconds:N0} ms");
        Assert.True(isDone, $"{done.CurrentCount} still wait");
        Assert.Equal(0, failed);

        void WriteAndRead(long offset)
        {
            try
            {
                file.WriteAsync(blocks, offset).AsTask().Wait();
                using var read = file.RentReadAsync(offset, 4096).AsTask().Result;
                var count = file.ReadAsync(new byte[4096].AsMemory(), offset).AsTask().Result;
                file.FlushAsync().AsTask().Wait();
                Interlocked.Add(ref failed, count == 4096 && read.Length == 4096 ? 0 : 1);
            }
            catch (Exception)
            {
                Interlocked.Increment(ref failed);
            }

            done.Signal();
        }
    }

    [SkippableFact]
    public async Task Operations_that_are_blocked_on_and_awaited_ones_by_the_thousand_get_their_own_results()
    {
        var content = Pattern(256 * Block);
        var file = await FileOf(content);
        var wrong = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < 500; i++)
                {
                    var block = ((worker * 37) + (i * 11)) % 256;
                    var into = new byte[Block];
                    var count = file.ReadAsync(into.AsMemory(), block * (long)Block).AsTask().Result;
                    var isRight = count == Block && into.AsSpan().SequenceEqual(content.AsSpan(block * Block, Block));
                    Interlocked.Add(ref wrong, isRight ? 0 : 1);
                }
            },
            TaskCreationOptions.LongRunning)).Concat(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
            {
                for (var i = 0; i < 500; i++)
                {
                    var block = ((worker * 53) + (i * 7)) % 256;
                    var into = new byte[Block];
                    var count = await file.ReadAsync(into.AsMemory(), block * (long)Block);
                    var isRight = count == Block && into.AsSpan().SequenceEqual(content.AsSpan(block * Block, Block));
                    Interlocked.Add(ref wrong, isRight ? 0 : 1);
                }
            }))));
        Assert.Equal(0, wrong);
    }

    [SkippableFact]
    public async Task Without_a_thread_for_it_they_end_all_the_same()
    {
        await Eventually(() => !ProcessState.ThreadNames.Contains("akka-aio-waits"), "the thread of earlier waits has ended");
        var starts = 0;
        BlockedWaits.StartThread = _ =>
        {
            Interlocked.Increment(ref starts);
            throw new ThreadStateException("no thread left");
        };
        try
        {
            await Every_thread_of_the_pool_may_block_on_an_operation();
        }
        finally
        {
            BlockedWaits.StartThread = BlockedWaits.DefaultStart;
        }

        Assert.True(starts > 0); // else nothing has been tried
        await Every_thread_of_the_pool_may_block_on_an_operation();
    }

    [SkippableFact]
    public async Task What_is_awaited_as_it_is_never_comes_to_the_shared_queue()
    {
        var file = await NewFile(Block);
        BlockedWaits.IsUsed = false;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var into = new byte[Block];
            for (var i = 0; i < 200; i++)
            {
                await file.ReadAsync(into.AsMemory(), 0);
            }
        })));
        Assert.False(BlockedWaits.IsUsed);
        _ = await file.ReadAsync(new byte[Block].AsMemory(), 0).AsTask();
        await Eventually(() => BlockedWaits.IsUsed || AsTaskOfCompleted(file), "what is awaited as a Task does");
    }

    // One that is complete when AsTask is called needs nobody.
    private static bool AsTaskOfCompleted(AioFile file)
    {
        file.ReadAsync(new byte[Block].AsMemory(), 0).AsTask().Wait();
        return BlockedWaits.IsUsed;
    }

    [SkippableFact]
    public async Task What_awaits_the_task_runs_on_the_pool()
    {
        var file = await NewFile(Block);
        for (var i = 0; i < 200; i++)
        {
            using var read = await file.RentReadAsync(0, Block).AsTask();
            Assert.True(Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.Name);
        }
    }

    // The pool adds no thread: what waits for one, waits in vain.
    private static bool WithSmallPool(Func<bool> run)
    {
        ThreadPool.GetMaxThreads(out var threads, out var ports);
        ThreadPool.GetMinThreads(out var least, out var leastPorts);
        try
        {
            Assert.True(ThreadPool.SetMinThreads(1, leastPorts) && ThreadPool.SetMaxThreads(Environment.ProcessorCount + 2, ports));
            return run();
        }
        finally
        {
            ThreadPool.SetMaxThreads(threads, ports);
            ThreadPool.SetMinThreads(least, leastPorts);
        }
    }
}
