using System.Collections.Concurrent;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Dispatch;

/// <summary>
/// A dispatcher with one thread of its own for each actor, as Akka's PinnedDispatcher, but one that sleeps at once when it has nothing
/// to do. Named as <c>type</c> of <c>akka.io.aio.shard-dispatcher</c> and <c>reaper-dispatcher</c>.
/// </summary>
/// <remarks>
/// Akka's pinned threads spin and yield before they sleep, and a shard and its reaper fall asleep and awake once an operation at depth
/// 1: 200 µs of CPU for a read of 100 µs. With <c>spin</c> above 0 the thread looks for work so long before it sleeps: on a machine with
/// cores to spare that saves the wake-up's latency, and costs the core.
/// </remarks>
public sealed class ThreadDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : MessageDispatcherConfigurator(config, prerequisites)
{
    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => new Dispatcher(
        this, Config.GetString("id"), Config.GetInt("throughput"), Config.GetTimeSpan("throughput-deadline-time").Ticks,
        new ThreadExecutorFactory(Config.GetTimeSpan("spin"), Prerequisites.EventStream), Config.GetTimeSpan("shutdown-timeout"));

    private sealed class ThreadExecutorFactory(TimeSpan spin, EventStream log) : ExecutorServiceFactory
    {
        public override ExecutorService Produce(string id) => new ThreadExecutor(id, spin, log);
    }

    private sealed class ThreadExecutor(string id, TimeSpan spin, EventStream log) : ExecutorService(id)
    {
        private readonly ConcurrentQueue<IRunnable> _work = new();
        private readonly ThreadParker _parker = new();
        private int _started;
        private volatile bool _shutdown;

        public override void Execute(IRunnable run)
        {
            _work.Enqueue(run);
            if (Interlocked.Exchange(ref _started, 1) == 0)
            {
                new Thread(Work) { IsBackground = true, Name = Id }.Start();
            }
            else
            {
                _parker.Unpark();
            }
        }

        public override void Shutdown()
        {
            _shutdown = true;
            _parker.Unpark();
        }

        private void Work()
        {
            while (true)
            {
                if (_work.TryDequeue(out var run))
                {
                    Run(run);
                }
                else if (_shutdown)
                {
                    return;
                }
                else if (!HasWorkSoon())
                {
                    _parker.Park();
                }
            }
        }

        private bool HasWorkSoon()
        {
            if (spin <= TimeSpan.Zero)
            {
                return false;
            }

            for (var start = System.Diagnostics.Stopwatch.GetTimestamp();
                 System.Diagnostics.Stopwatch.GetElapsedTime(start) < spin;)
            {
                if (!_work.IsEmpty)
                {
                    return true;
                }

                Thread.SpinWait(20);
            }

            return false;
        }

        private void Run(IRunnable run)
        {
            try
            {
                run.Run();
            }
            catch (Exception e) // on a thread of its own it would end the process
            {
                log.Publish(new Error(e, Id, typeof(ThreadExecutor), e.Message));
            }
        }
    }
}
