using System.Diagnostics;
using Akka.Dispatch;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Dispatch;

/// <summary>One thread, which does all that is brought, sleeps in its idle work, and is woken there.</summary>
public sealed class ThreadExecutorSpecs
{
    [Fact]
    public async Task All_that_many_threads_bring_is_done_by_one()
    {
        const int PerThread = 50_000;
        var executor = NewExecutor();
        using var left = new CountdownEvent(4 * PerThread);
        var alone = new Exclusive();
        var run = new Run(() => alone.Do(() => left.Signal()));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < PerThread; i++)
                {
                    executor.Execute(run);
                }
            },
            TaskCreationOptions.LongRunning))).WaitAsync(Patience.Long);
        Assert.True(left.Wait(Patience.Long), $"{left.CurrentCount} were left lying");
        Assert.Equal(0, alone.Met);
        executor.Shutdown();
    }

    [Fact]
    public void What_is_brought_as_the_thread_goes_to_sleep_is_done_at_once()
    {
        var executor = new ThreadExecutor("spec", TimeSpan.Zero, new EventStream(debug: false));
        var done = 0;
        var run = new Run(() => Interlocked.Increment(ref done));
        for (var round = 1; round <= 200_000; round++)
        {
            executor.Execute(run);
            for (var since = Stopwatch.GetTimestamp(); Volatile.Read(ref done) < round;)
            {
                Assert.True(Stopwatch.GetElapsedTime(since) < Patience.Long, $"round {round} was left lying");
            }

            Thread.SpinWait(round % 50); // each time another moment on its way to sleep
        }

        executor.Shutdown();
    }

    [Fact]
    public async Task A_thread_that_sleeps_in_its_idle_work_is_woken_there()
    {
        var executor = NewExecutor();
        using var done = new SemaphoreSlim(0);
        var run = new Run(() => done.Release());
        var idle = new Idle();
        executor.Execute(new Run(() => executor.IdleWork = idle));
        for (var round = 0; round < 5_000; round++)
        {
            executor.Execute(run);
            Assert.True(await done.WaitAsync(Patience.Long), $"round {round} was left lying");
        }

        Assert.True(idle.Sleeps > 0, "it has slept there");
        executor.Shutdown();
    }

    [Fact]
    public async Task Idle_work_has_its_turn_also_where_mailboxes_never_end()
    {
        var executor = NewExecutor();
        var idle = new Idle();
        using var stop = new CancellationTokenSource();
        Run? again = null;
        again = new Run(() =>
        {
            executor.IdleWork = idle;
            if (!stop.IsCancellationRequested)
            {
                executor.Execute(again!);
            }
        });
        executor.Execute(again);
        await idle.Done.WaitAsync(Patience.Long);
        await stop.CancelAsync();
        executor.Shutdown();
    }

    [Fact]
    public void Its_thread_ends_with_it()
    {
        var executor = NewExecutor();
        using var done = new ManualResetEventSlim();
        var idle = new Idle();
        Thread? own = null;
        executor.Execute(new Run(() =>
        {
            own = Thread.CurrentThread;
            Assert.Same(executor, ThreadExecutor.Current);
            executor.IdleWork = idle;
            done.Set();
        }));
        Assert.True(done.Wait(Patience.Long));
        executor.Shutdown();
        Assert.True(own!.Join(Patience.Long));
        Assert.Null(ThreadExecutor.Current);
    }

    private static ThreadExecutor NewExecutor() => new("spec", TimeSpan.FromMilliseconds(0.02), new EventStream(debug: false));

    private sealed class Run(Action action) : IRunnable
    {
        void IRunnable.Run() => action();

        public void Execute() => action();
    }

    /// <summary>Always pending: something that never comes.</summary>
    private sealed class Idle : IIdleWork
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly object _lock = new();
        private bool _woken;
        private int _sleeps;

        public Task Done => _done.Task;

        public int Sleeps => Volatile.Read(ref _sleeps);

        public bool IsPending => true;

        public bool TryDo()
        {
            _done.TrySetResult();
            return false;
        }

        public TimeSpan TimeToLook() => TimeSpan.Zero;

        public void Looked(bool found) => throw new InvalidOperationException("it is not to be looked for");

        public void Sleep()
        {
            Interlocked.Increment(ref _sleeps);
            lock (_lock)
            {
                while (!_woken && Monitor.Wait(_lock, Patience.Long))
                {
                }

                _woken = false;
            }
        }

        public void Wake()
        {
            lock (_lock)
            {
                _woken = true;
                Monitor.Pulse(_lock);
            }
        }
    }
}
