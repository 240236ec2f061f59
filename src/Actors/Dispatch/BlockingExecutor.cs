using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using AkkaAio.Telemetry;

namespace AkkaAio.Dispatch;

/// <summary>
/// Threads for calls that block: one for each call that is running, up to a bound. Named as <c>executor</c> of
/// <c>akka.io.aio.blocking-dispatcher</c>.
/// </summary>
/// <remarks>
/// Not Akka's ForkJoinDispatcher: it wakes at most as many threads as there are cores for a burst, so that on two cores a third call
/// waits for the first, however many threads are idle (measured: 8 calls of 500 ms on 8 threads took 2 s).
/// </remarks>
public sealed class BlockingExecutorConfigurator : ExecutorServiceConfigurator
{
    private readonly int _threads;

    /// <summary>Reads <c>threads</c>: here, since Akka calls <see cref="Produce"/> for the first task only, where an error hangs
    /// it.</summary>
    /// <exception cref="AioConfigurationException"><c>threads</c> is missing or impossible.</exception>
    public BlockingExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) =>
        _threads = new ConfigReader(config, config.GetString("id", "dispatcher")).Int("threads", 1, MostThreads);

    /// <summary>The most that <c>threads</c> may be.</summary>
    internal const int MostThreads = 32768;

    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new BlockingExecutor(id, _threads, Prerequisites.EventStream);

    private sealed class BlockingExecutor(string id, int maxThreads, EventStream log) : ExecutorService(id)
    {
        // A thread without work goes away after this; the next burst starts another.
        private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);

        private readonly object _lock = new();
        private readonly Queue<IRunnable> _work = new();
        private int _threads;
        private int _idle;
        private bool _shutdown;

        public override void Execute(IRunnable run)
        {
            if (AkkaInternals.IsTurn(run))
            {
                // An actor lives here only to keep the dispatcher. Behind calls that are stuck in the kernel it could not stop, nor could
                // the system.
                OwnThread.Run(Id, () => Run(run));
                return;
            }

            lock (_lock)
            {
                if (_shutdown)
                {
                    throw new RejectedExecutionException($"{Id} has been shut down");
                }

                if (_work.Count < _idle)
                {
                    Monitor.Pulse(_lock);
                }
                else if (_threads < maxThreads)
                {
                    StartThread();
                }

                _work.Enqueue(run);
            }
        }

        // Where there can be no more (a limit of the machine), those that there are do the work, as with all of them busy; where there is
        // none, a thread of the pool.
        private void StartThread()
        {
            if (OwnThread.TryRun(Id, Work))
            {
                _threads++;
            }
            else if (_threads == 0)
            {
                _threads++;
                OwnThread.RunOnPool(Work);
            }
        }

        public override void Shutdown()
        {
            lock (_lock)
            {
                _shutdown = true;
                Monitor.PulseAll(_lock);
            }
        }

        private void Work()
        {
            while (Take() is { } run)
            {
                Run(run);
            }
        }

        private void Run(IRunnable run)
        {
            try
            {
                run.Run();
            }
            catch (Exception e) // on a thread of its own it would end the process
            {
                SafeLog.Publish(log, new Error(e, Id, typeof(BlockingExecutor), e.Message));
            }
        }

        // The next piece of work; null when the thread is to end.
        private IRunnable? Take()
        {
            lock (_lock)
            {
                while (true)
                {
                    if (_work.TryDequeue(out var run))
                    {
                        return run;
                    }

                    _idle++;
                    var pulsed = !_shutdown && Monitor.Wait(_lock, KeepAlive);
                    _idle--;
                    if (!pulsed && _work.Count == 0)
                    {
                        _threads--;
                        return null;
                    }
                }
            }
        }
    }
}
