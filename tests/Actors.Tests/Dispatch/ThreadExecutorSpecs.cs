using System.Collections.Concurrent;
using Akka.Dispatch;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Dispatch;

/// <summary>One thread at work at a time, its own or one that stands in, and nothing that is brought is left lying.</summary>
public sealed class ThreadExecutorSpecs
{
    [Fact]
    public async Task Whoever_works_works_alone_and_all_is_done()
    {
        const int PerThread = 20_000;
        var executor = NewExecutor();
        using var left = new CountdownEvent(6 * PerThread);
        var alone = new Exclusive();
        var runs = new Run(() => alone.Do(() => left.Signal()));
        var brought = new Brought { OnDo = () => alone.Do(() => left.Signal()) };
        executor.IdleWork = brought;
        var bringers = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < PerThread; i++)
                {
                    brought.Add();
                    executor.StandIn();
                }
            },
            TaskCreationOptions.LongRunning));
        var senders = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < PerThread; i++)
                {
                    executor.Execute(runs);
                }
            },
            TaskCreationOptions.LongRunning));
        await Task.WhenAll([.. bringers, .. senders]).WaitAsync(Patience.Long);
        Assert.True(left.Wait(Patience.Long), $"{left.CurrentCount} were left lying");
        Assert.Equal(0, alone.Met);
        executor.Shutdown();
    }

    [Fact]
    public async Task What_is_sent_while_another_stands_in_is_done_by_him_or_after_him()
    {
        for (var round = 0; round < 2000; round++)
        {
            var executor = NewExecutor();
            using var done = new SemaphoreSlim(0);
            var run = new Run(() => done.Release());
            executor.Execute(run); // its own thread is there
            Assert.True(await done.WaitAsync(Patience.Long));
            ThreadExecutor? current = null;
            var brought = new Brought
            {
                OnDo = () =>
                {
                    current = ThreadExecutor.Current;
                    done.Release();
                },
            };
            executor.IdleWork = brought;
            brought.Add();
            var standIn = Task.Run(executor.StandIn);
            executor.Execute(run);
            Assert.True(await done.WaitAsync(Patience.Long));
            Assert.True(await done.WaitAsync(Patience.Long));
            await standIn.WaitAsync(Patience.Long);
            Assert.Same(executor, current);
            Assert.Null(ThreadExecutor.Current);
            executor.Shutdown();
        }
    }

    [Fact]
    public async Task Who_stands_in_is_relieved_when_there_is_no_end_to_it()
    {
        var executor = NewExecutor();
        var threads = new ConcurrentDictionary<int, int>();
        using var both = new ManualResetEventSlim();
        Run? again = null;
        again = new Run(() =>
        {
            threads.TryAdd(Environment.CurrentManagedThreadId, 0);
            if (threads.Count == 2)
            {
                both.Set();
            }
            else
            {
                executor.Execute(again!);
            }
        });
        using var started = new ManualResetEventSlim();
        executor.Execute(new Run(started.Set));
        Assert.True(started.Wait(Patience.Long));
        var brought = new Brought { OnDo = () => executor.Execute(again!) };
        executor.IdleWork = brought;
        brought.Add();
        await Task.Run(executor.StandIn).WaitAsync(Patience.Long);
        Assert.True(both.Wait(Patience.Long));
        executor.Shutdown();
    }

    [Fact]
    public async Task What_is_brought_as_one_leaves_is_seen()
    {
        var executor = NewExecutor();
        using var done = new SemaphoreSlim(0);
        var run = new Run(() => done.Release());
        executor.Execute(run);
        Assert.True(await done.WaitAsync(Patience.Long));
        var brought = new Brought { OnDo = () => done.Release() };
        executor.IdleWork = brought;

        // After the last look of one who stands in, then of the thread itself: the place is taken still.
        foreach (var (begin, own) in new[] { (executor.StandIn, 0), (new Action(() => executor.Execute(run)), 1) })
        {
            brought.AfterLook = () =>
            {
                brought.Add();
                OnAnotherThread(executor.StandIn);
            };
            begin();
            await AllDone(own + 1);
            brought.AfterLook = () => OnAnotherThread(() => executor.Execute(run));
            begin();
            await AllDone(own + 1);
        }

        executor.Shutdown();

        async Task AllDone(int count)
        {
            for (var i = 0; i < count; i++)
            {
                Assert.True(await done.WaitAsync(Patience.Long));
            }
        }
    }

    [Fact]
    public async Task Its_thread_ends_with_it_also_where_another_stands_in()
    {
        var executor = NewExecutor();
        using var done = new SemaphoreSlim(0);
        Thread? own = null;
        executor.Execute(new Run(() =>
        {
            own = Thread.CurrentThread;
            done.Release();
        }));
        Assert.True(await done.WaitAsync(Patience.Long));
        using var standing = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var brought = new Brought
        {
            OnDo = () =>
            {
                standing.Set();
                go.Wait(Patience.Long);
            },
        };
        executor.IdleWork = brought;
        brought.Add();
        var standIn = Task.Run(executor.StandIn);
        Assert.True(standing.Wait(Patience.Long));
        executor.Shutdown();
        go.Set();
        await standIn.WaitAsync(Patience.Long);
        Assert.True(own!.Join(Patience.Long));
    }

    private static void OnAnotherThread(Action action) =>
        Assert.True(Task.Factory.StartNew(action, TaskCreationOptions.LongRunning).Wait(Patience.Long));

    private static ThreadExecutor NewExecutor() => new("spec", TimeSpan.FromMilliseconds(0.02), new EventStream(debug: false));

    private sealed class Run(Action action) : IRunnable
    {
        void IRunnable.Run() => action();

        public void Execute() => action();
    }

    /// <summary>Things that threads bring, which nobody is woken for.</summary>
    private sealed class Brought : IIdleWork
    {
        private int _there;
        private Action? _afterLook;

        public Action OnDo { get; init; } = () => { };

        public bool IsPending => false;

        /// <summary>Once, behind the next look that finds nothing.</summary>
        public Action? AfterLook
        {
            set => Volatile.Write(ref _afterLook, value);
        }

        public bool HasSome
        {
            get
            {
                var some = Volatile.Read(ref _there) > 0;
                if (!some)
                {
                    Interlocked.Exchange(ref _afterLook, null)?.Invoke();
                }

                return some;
            }
        }

        public void Add() => Interlocked.Increment(ref _there);

        public bool TryDo()
        {
            if (!HasSome)
            {
                return false;
            }

            Interlocked.Decrement(ref _there);
            OnDo();
            return true;
        }

        public bool Poll(ThreadExecutor thread) => throw new InvalidOperationException("there is nothing to wait for");

        public void Sleep() => throw new InvalidOperationException("there is nothing to wait for");

        public void Wake() => throw new InvalidOperationException("nobody sleeps");
    }
}
