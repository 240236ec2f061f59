using System.Collections.Concurrent;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Tasks;

public sealed class TaskSpecsOnLinuxAio(ITestOutputHelper output) : TaskSpecs(EngineKind.LinuxAio, output);

public sealed class TaskSpecsOnMemory(ITestOutputHelper output) : TaskSpecs(EngineKind.Memory, output);

/// <summary>The façade for code that is no actor.</summary>
public abstract class TaskSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "akka.io.aio.shards = 2", output)
{
    [SkippableFact]
    public async Task Everything_can_be_awaited()
    {
        var file = await NewFile();
        await using (file)
        {
            await file.AllocateAsync(0, 8 * Block);
            Assert.Equal(8 * Block, file.Length);
            await file.WriteAsync(Pattern(2 * Block), Block);
            await file.WriteAsync(Pattern(Block, 2), 3 * Block, AioDurability.Dsync);
            await file.FlushAsync();
            using (var read = await file.RentReadAsync(Block + 5, 100))
            {
                Assert.Equal(Pattern(2 * Block)[5..105], read.GetSpan().ToArray());
            }

            var into = new byte[Block];
            Assert.Equal(Block, await file.ReadAsync(into, 3 * Block));
            Assert.Equal(Pattern(Block, 2), into);
            await file.SetLengthAsync(100);
            Assert.Equal(100, file.Length);
        }

        Assert.Equal(100, LengthOnDisk(file.Path));
    }

    [SkippableFact]
    public async Task Failures_are_thrown_typed()
    {
        var file = await NewFile(Block);
        await Assert.ThrowsAsync<AioArgumentException>(async () => await file.RentReadAsync(-1, 1));
        await Assert.ThrowsAsync<AioArgumentException>(async () => await file.ReadAsync(new byte[1], -1));
        await Assert.ThrowsAsync<AioAlignmentException>(async () => await file.WriteAsync(new byte[Block], 1));
        await Assert.ThrowsAsync<AioArgumentException>(async () => await file.SetLengthAsync(-1));
        await Assert.ThrowsAsync<AioArgumentException>(async () => await file.AllocateAsync(0, 0));
        await file.DisposeAsync();
        await Assert.ThrowsAsync<AioClosedException>(async () => await file.RentReadAsync(0, 1));
        await Assert.ThrowsAsync<AioClosedException>(async () => await file.WriteAsync(new byte[Block], 0));
        await Assert.ThrowsAsync<AioClosedException>(async () => await file.FlushAsync());
        await file.DisposeAsync();
    }

    [SkippableFact]
    public async Task Continuations_run_on_the_thread_pool_and_never_on_a_shard_or_reaper()
    {
        var file = await NewFile(64 * Block);
        var threads = new ConcurrentDictionary<string, bool>();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            for (var n = 0; n < 20; n++)
            {
                await file.WriteAsync(new byte[Block], i % 64 * Block).ConfigureAwait(false);
                Note();
                await file.ReadAsync(new byte[10], 0).ConfigureAwait(false);
                Note();
                await file.FlushAsync().ConfigureAwait(false);
                Note();
                try
                {
                    await file.ReadAsync(new byte[10], -1).ConfigureAwait(false);
                }
                catch (AioArgumentException)
                {
                    Note();
                }
            }
        }));
        await using (await Ext.OpenAsync(file.Path).ConfigureAwait(false))
        {
            Note();
        }

        Note();
        Assert.NotEmpty(threads);
        Assert.DoesNotContain(threads.Keys, name => name.Contains("aio", StringComparison.Ordinal));
        Assert.All(threads.Values, Assert.True);

        void Note() => threads[$"{Thread.CurrentThread.Name}"] = Thread.CurrentThread.IsThreadPoolThread;
    }

    [SkippableFact]
    public async Task Thousands_of_awaits_at_the_same_time_all_get_their_own_result()
    {
        var content = Enumerable.Range(0, 256).SelectMany(i => Enumerable.Repeat((byte)i, Block)).ToArray();
        var file = await FileOf(content);
        var tasks = Enumerable.Range(0, 5000).Select(async i =>
        {
            if (i % 2 == 0)
            {
                using var read = await file.RentReadAsync((i % 256 * Block) + 7, 9);
                Assert.Equal(Enumerable.Repeat((byte)(i % 256), 9), read.GetSpan().ToArray());
            }
            else
            {
                var into = new byte[11];
                Assert.Equal(11, await file.ReadAsync(into, (i % 256 * Block) + 3));
                Assert.Equal(Enumerable.Repeat((byte)(i % 256), 11), into);
            }
        });
        await Task.WhenAll(tasks).WaitAsync(Patience.Long);
        Assert.Equal(5000, (await Stats()).Shards.Sum(shard => shard.Reads));
    }

    [SkippableFact]
    public async Task A_ValueTask_is_awaited_once()
    {
        var file = await NewFile(Block);
        var read = file.ReadAsync(new byte[1], 0);
        Assert.Equal(1, await read);
        await file.ReadAsync(new byte[1], 0);
        Assert.Throws<InvalidOperationException>(() => read.GetAwaiter().GetResult());
    }

    [SkippableFact]
    public async Task OpenAsync_throws_typed_errors_and_honours_cancellation()
    {
        var error = await Assert.ThrowsAsync<AioSystemException>(() => Ext.OpenAsync(NewPath()));
        Assert.Equal(Errno.ENOENT, error.Errno);
        await Assert.ThrowsAsync<ArgumentException>(() => Ext.OpenAsync(""));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var canceled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ext.OpenAsync(NewPath(), New, cancelled.Token));
        Assert.Equal(cancelled.Token, canceled.CancellationToken);
        Assert.Equal(0, (await Stats()).OpenFiles);
    }

    [SkippableFact]
    public async Task A_cancellation_before_the_call_does_nothing()
    {
        var file = await NewFile(Block);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var token = cancelled.Token;
        Assert.True(file.RentReadAsync(0, 1, token).AsTask().IsCanceled);
        Assert.True(file.ReadAsync(new byte[1], 0, token).AsTask().IsCanceled);
        Assert.True(file.WriteAsync(Pattern(Block), 0, token).AsTask().IsCanceled);
        Assert.True(file.FlushAsync(token).AsTask().IsCanceled);
        Assert.True(file.SetLengthAsync(0, token).AsTask().IsCanceled);
        Assert.True(file.AllocateAsync(0, 1, token).AsTask().IsCanceled);
        await Fence(file);
        Assert.Equal(new byte[Block], ContentOf(file));
    }

    [SkippableFact]
    public async Task Cancellations_at_any_moment_end_in_a_result_or_in_OperationCanceledException()
    {
        var file = await NewFile(64 * Block);
        var outcomes = new ConcurrentBag<bool>();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            for (var i = 0; i < 200; i++)
            {
                using var cancellation = new CancellationTokenSource();
                var read = file.RentReadAsync(random.Next(64) * Block, 100, cancellation.Token);
                var write = file.WriteAsync(new byte[Block], random.Next(64) * Block, cancellation.Token);
                if (random.Next(2) == 0)
                {
                    await cancellation.CancelAsync();
                }

                outcomes.Add(await Ended(async () => (await read).Dispose(), cancellation.Token));
                outcomes.Add(await Ended(async () => await write, cancellation.Token));
            }
        }))).WaitAsync(Patience.Long);
        Assert.Equal(6400, outcomes.Count);
        Assert.Contains(true, outcomes);
        await file.DisposeAsync();

        static async Task<bool> Ended(Func<Task> operation, CancellationToken token)
        {
            try
            {
                await operation();
                return true;
            }
            catch (OperationCanceledException e)
            {
                Assert.Equal(token, e.CancellationToken);
                Assert.True(token.IsCancellationRequested);
                return false;
            }
        }
    }
}
