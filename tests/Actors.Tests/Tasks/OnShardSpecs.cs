using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Tasks;

public sealed class OnShardSpecsOnMemory(ITestOutputHelper output) : OnShardSpecs(EngineKind.Memory, "", output);

public sealed class OnShardSpecsOnLinuxAio(ITestOutputHelper output) : OnShardSpecs(EngineKind.LinuxAio, "", output);

public sealed class OnShardSpecsOfStripes(ITestOutputHelper output)
    : OnShardSpecs(EngineKind.Memory, "akka.io.aio { shard-by = stripe, stripe-size = 4 KiB }", output);

/// <summary>Code that has gone to its shard's thread stays there, is never lost, and never runs twice.</summary>
public abstract class OnShardSpecs : AioTestKit
{
    private const int Shards = 2;

    private int _bombs;

    protected OnShardSpecs(EngineKind kind, string hocon, ITestOutputHelper output)
        : base(kind, $"akka.io.aio.shards = {Shards}\n{hocon}", output) =>
        Engine.OnSubmit = _ =>
            Interlocked.Exchange(ref _bombs, 0) > 0 ? throw new InvalidOperationException("bomb") : default;

    private static int Here => Environment.CurrentManagedThreadId;

    [SkippableFact]
    public async Task From_await_to_await_it_is_the_shard_s_thread()
    {
        var file = await NewFile(64 * Block);
        using var buffer = Pool.Rent(Block);
        await Task.Run(async () =>
        {
            var before = Here;
            await file.OnShard();
            var shard = Here;
            Assert.NotEqual(before, shard);
            Assert.Equal(await ThreadOf(file), shard);
            for (var i = 0; i < 1000; i++)
            {
                if (i % 3 == 0)
                {
                    await file.WriteAsync(buffer.Memory, i % 64 * Block);
                }
                else if (i % 3 == 1)
                {
                    Assert.Equal(Block, await file.ReadAsync(buffer.Memory, i % 64 * Block));
                }
                else
                {
                    using var read = await file.RentReadAsync(i % 64 * Block, 100);
                }

                Assert.Equal(shard, Here);
            }

            await file.FlushAsync();
            Assert.Equal(shard, Here);
            await file.SetLengthAsync(10);
            Assert.Equal(shard, Here);
        }).WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task Methods_that_are_called_there_stay_and_the_caller_of_who_went_there_does_not()
    {
        var file = await NewFile(64 * Block);
        await Task.Run(async () =>
        {
            Assert.Equal(3, await Outer());
            Assert.Null(SynchronizationContext.Current);
            Assert.True(Thread.CurrentThread.IsThreadPoolThread);
        }).WaitAsync(Patience.Long);

        async Task<int> Outer()
        {
            await file.OnShard();
            var shard = Here;
            var sum = 0;
            for (var i = 0; i < 3; i++)
            {
                sum += await Inner(shard);
                Assert.Equal(shard, Here);
            }

            return sum;
        }

        async ValueTask<int> Inner(int shard)
        {
            await file.WriteAsync(new byte[Block], 0);
            Assert.Equal(shard, Here);
            return await Task.WhenAll(Innermost(shard, 0), Innermost(shard, 1)) is [1, 0] ? 0 : 1;
        }

        async Task<int> Innermost(int shard, int block)
        {
            var count = await file.ReadAsync(new byte[1], block * Block);
            Assert.Equal(shard, Here);
            return count;
        }
    }

    [SkippableFact]
    public async Task Everything_that_is_awaited_there_comes_back()
    {
        var file = await NewFile(64 * Block);
        await Task.Run(async () =>
        {
            await file.OnShard();
            var shard = Here;
            await file.OnShard(); // at once
            Assert.Equal(shard, Here);
            await Task.Yield();
            Assert.Equal(shard, Here);
            await Task.Delay(1);
            Assert.Equal(shard, Here);
            await Task.Run(() => Assert.NotEqual(shard, Here));
            Assert.Equal(shard, Here);
            await file.ReadAsync(new byte[Block], 0).AsTask();
            Assert.Equal(shard, Here);
            await file.ReadAsync(new byte[Block], 0).ConfigureAwait(false);
            Assert.NotEqual(shard, Here);
            Assert.Null(SynchronizationContext.Current);
            await file.ReadAsync(new byte[Block], 0);
            Assert.NotEqual(shard, Here); // it has left
        }).WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task What_flows_with_the_code_goes_with_it()
    {
        var file = await NewFile(Block);
        var flowing = new AsyncLocal<int> { Value = 1 };
        await Task.Run(async () =>
        {
            flowing.Value = 2;
            await file.OnShard();
            Assert.Equal(2, flowing.Value);
            await file.ReadAsync(new byte[1], 0);
            Assert.Equal(2, flowing.Value);
        }).WaitAsync(Patience.Long);
        var captured = new TaskCompletionSource<int>();
        file.OnShard().OnCompleted(() => captured.SetResult(flowing.Value));
        Assert.Equal(1, await captured.Task.WaitAsync(Patience.Long));
        await Task.Run(async () =>
        {
            await file.OnShard();
            Assert.Equal(1, flowing.Value); // nothing was left there
        });
    }

    [SkippableFact]
    public async Task What_fails_is_caught_there()
    {
        var file = await NewFile(Block);
        await Task.Run(async () =>
        {
            await file.OnShard();
            var shard = Here;
            await Assert.ThrowsAsync<AioArgumentException>(async () => await file.ReadAsync(new byte[1], -1));
            Assert.Equal(shard, Here);
            await Assert.ThrowsAsync<AioAlignmentException>(async () => await file.WriteAsync(new byte[Block], 1));
            Assert.Equal(shard, Here);
            using var canceled = new CancellationTokenSource();
            var read = file.ReadAsync(new byte[Block], 0, canceled.Token);
            await canceled.CancelAsync();
            try
            {
                await read;
            }
            catch (OperationCanceledException)
            {
                // Or it was done already.
            }

            Assert.Equal(shard, Here);
            await file.DisposeAsync();
            await Assert.ThrowsAsync<AioClosedException>(async () => await file.ReadAsync(new byte[1], 0));
            Assert.Equal(shard, Here);
        }).WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task Each_shard_has_its_own_and_two_that_await_one_another_s_files_do_not_wait_for_ever()
    {
        var files = new Dictionary<int, (AioFile File, long Offset)>();
        while (files.Count < Shards)
        {
            var file = await NewFile(64 * Block);
            for (var i = 0; i < 16; i++)
            {
                files.TryAdd(file.LaneAt(i * Block).Shard.Index, (file, i * Block));
            }
        }

        var threads = new ConcurrentDictionary<int, int>();
        var loops = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var (own, other) = (files[i % Shards], files[(i + 1) % Shards]);
            await own.File.OnShard(own.Offset);
            Assert.Equal(Here, threads.GetOrAdd(i % Shards, Here));
            var memory = new byte[Block];
            for (var n = 0; n < 500; n++)
            {
                var (file, offset) = n % 2 == 0 ? other : own;
                Assert.Equal(Block, await file.ReadAsync(memory, offset));
                Assert.Equal(threads[i % Shards], Here);
            }

            await other.File.OnShard(other.Offset);
            Assert.Equal(Here, threads.GetOrAdd((i + 1) % Shards, Here));
        }));
        await Task.WhenAll(loops).WaitAsync(Patience.Long);
        Assert.Equal(Shards, threads.Values.Distinct().Count());
    }

    [SkippableFact]
    public async Task Across_a_restart_it_stays()
    {
        Skip.If(Kind != EngineKind.Memory, "whose submit can be made to throw");
        var file = await NewFile(64 * Block);
        await Task.Run(async () =>
        {
            await file.OnShard();
            var shard = Here;
            for (var restart = 0; restart < 3; restart++)
            {
                Volatile.Write(ref _bombs, 1);
                await Assert.ThrowsAsync<AioAbortedException>(async () => await file.ReadAsync(new byte[Block], 0));
                Assert.Equal(shard, Here);
                while (true)
                {
                    try
                    {
                        Assert.Equal(Block, await file.ReadAsync(new byte[Block], 0));
                        break;
                    }
                    catch (AioException) when (Here == shard)
                    {
                        await Task.Yield(); // the shard is on its way
                    }
                }

                Assert.Equal(shard, Here);
            }
        }).WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task When_the_system_ends_everything_goes_on_once_and_on_the_pool()
    {
        var file = await NewFile(64 * Block);
        using var begun = new CountdownEvent(32);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ends = new ConcurrentBag<int>();
        var loops = Enumerable.Range(0, 32).Select(i => Task.Run(async () =>
        {
            await file.OnShard(i % 16 * Block);
            var memory = new byte[Block];
            var n = 0;
            try
            {
                for (; ; n++)
                {
                    await file.ReadAsync(memory, (i + n) % 16 * Block);
                    if (n == 10)
                    {
                        begun.Signal();
                    }
                }
            }
            catch (AioException)
            {
                ends.Add(i);
            }

            while (SynchronizationContext.Current is not null)
            {
                await Task.Yield();
            }

            Assert.True(Thread.CurrentThread.IsThreadPoolThread);
            await ended.Task; // all shards, where there are several
            await file.OnShard(); // there is none
            Assert.Null(SynchronizationContext.Current);
        })).ToArray();
        Assert.True(begun.Wait(Patience.Long));
        await Sys.Terminate().WaitAsync(Patience.Long);
        ended.SetResult();
        await Task.WhenAll(loops).WaitAsync(Patience.Long);
        Assert.Equal(Enumerable.Range(0, 32), ends.Order());
    }

    [SkippableFact]
    public async Task A_continuation_that_throws_is_logged_and_the_shard_goes_on()
    {
        var file = await NewFile(Block);
        Sys.EventStream.Subscribe(TestActor, typeof(Error));
        await Task.Run(async () =>
        {
            await file.OnShard();
            Throws(file);
        });
        Assert.Equal("of nobody's", (await ExpectMsgAsync<Error>()).Cause.Message);
        Assert.Equal(Block, await file.ReadAsync(new byte[Block], 0));

#pragma warning disable VSTHRD100, S3168 // that is what it is about
        static async void Throws(AioFile file)
        {
            await file.ReadAsync(new byte[1], 0);
            throw new InvalidOperationException("of nobody's");
        }
#pragma warning restore VSTHRD100, S3168
    }

    [SkippableFact]
    public async Task What_is_sent_there_has_been_done_when_it_returns()
    {
        var file = await NewFile(Block);
        SynchronizationContext? context = null;
        var shard = 0;
        await Task.Run(async () =>
        {
            await file.OnShard();
            (context, shard) = (SynchronizationContext.Current, Here);
            var inside = 0;
            context!.Send(_ => inside = Here, null);
            Assert.Equal(shard, inside);
        });
        var sent = 0;
        context!.Send(_ => sent = Here, null);
        Assert.Equal(shard, sent);
        Assert.Same(context, context.CreateCopy());
        Assert.Throws<InvalidOperationException>(() => context.Send(_ => throw new InvalidOperationException("mine"), null));
    }

    private async Task<int> ThreadOf(AioFile file)
    {
        var thread = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Sys.ActorOf(Props.Create(() => new Teller(thread)).WithDispatcher(file.ShardDispatcher));
        return await thread.Task;
    }

    private sealed class Teller(TaskCompletionSource<int> thread) : UntypedActor
    {
        protected override void PreStart() => thread.SetResult(Here);

        protected override void OnReceive(object message) => Unhandled(message);
    }
}
