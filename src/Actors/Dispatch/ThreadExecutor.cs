using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Dispatch;
using Akka.Event;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Dispatch;

/// <summary>
/// One thread, and the mailboxes that wait to be run on it. Without work it looks for more during <paramref name="spin"/>, yielding its
/// processor, and then sleeps.
/// </summary>
internal sealed class ThreadExecutor(string id, TimeSpan spin, EventStream log) : ExecutorService(id)
{
    // Of the spin, while work does not come within it.
    private const int ShortSpin = 10;

    [ThreadStatic]
    private static ThreadExecutor? s_current;

    private readonly ConcurrentQueue<IRunnable> _work = new();
    private readonly ThreadParker _parker = new();
    private int _started;

    // Woken so soon after it had gone to sleep: to look a little longer would have saved the wake-up.
    private bool _spinsLong;
    private volatile bool _shutdown;

    /// <summary>The one whose thread this is; null on any other thread.</summary>
    public static ThreadExecutor? Current => s_current;

    /// <summary>Whether something waits to be run.</summary>
    public bool HasWork => !_work.IsEmpty;

    public override void Execute(IRunnable run)
    {
        _work.Enqueue(run);
        if (s_current == this)
        {
            return; // awake
        }

        if (Volatile.Read(ref _started) == 0 && Interlocked.Exchange(ref _started, 1) == 0)
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
        s_current = this;
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
            else if (!HasWorkWithin(_spinsLong ? spin : spin / ShortSpin))
            {
                var parked = Stopwatch.GetTimestamp();
                _parker.Park();
                _spinsLong = Stopwatch.GetElapsedTime(parked) < spin;
            }
        }
    }

    private bool HasWorkWithin(TimeSpan limit)
    {
        if (limit <= TimeSpan.Zero)
        {
            return false;
        }

        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < limit;)
        {
            if (HasWork)
            {
                return true;
            }

            if (!Thread.Yield())
            {
                Thread.SpinWait(20);
            }
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
