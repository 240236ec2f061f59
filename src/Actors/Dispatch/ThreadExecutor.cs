using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Dispatch;
using Akka.Event;
using AkkaAio.Interop.Threading;
using AkkaAio.Telemetry;

namespace AkkaAio.Dispatch;

/// <summary>
/// One thread, and the mailboxes that wait to be run on it. Without work it does its <see cref="IdleWork"/>; without that either it looks
/// for more during <paramref name="spin"/>, yielding its processor, and then sleeps.
/// </summary>
internal sealed class ThreadExecutor(string id, TimeSpan spin, EventStream log) : ExecutorService(id)
{
    // Of the spin, while work does not come within it.
    private const int ShortSpin = 10;

    // Mailboxes run in a row, before a look at the idle work: some actor may always have one message more.
    private const int RunsBetweenLooks = 16;

    [ThreadStatic]
    private static ThreadExecutor? s_current;

    private readonly ConcurrentQueue<IRunnable> _work = new();
    private readonly ThreadParker _parker = new();
    private int _started;

    // What it sleeps in, or is about to; null: it is awake, or parked.
    private IIdleWork? _sleepsIn;

    // It parks, or is about to.
    private int _isParked;

    // Woken soon after it had gone to sleep: to look a little longer would have saved the wake-up.
    private bool _spinsLong;
    private volatile bool _shutdown;

    /// <summary>The one whose thread this is; null on any other thread.</summary>
    public static ThreadExecutor? Current => s_current;

    /// <summary>Whether something waits to be run.</summary>
    public bool HasWork => !_work.IsEmpty;

    /// <summary>What the thread waits for besides mailboxes. Set by the thread itself.</summary>
    public IIdleWork? IdleWork { get; set; }

    public override void Execute(IRunnable run)
    {
        _work.Enqueue(run);
        if (s_current == this)
        {
            return; // awake
        }

        if (Volatile.Read(ref _started) == 0 && Interlocked.Exchange(ref _started, 1) == 0)
        {
            OwnThread.Run(Id, Work); // a start that failed and is not made up for would leave it without a thread
        }
        else
        {
            Rouse();
        }
    }

    public override void Shutdown()
    {
        _shutdown = true;
        Rouse();
    }

    private void Rouse()
    {
        // Dekker's handshake with a thread that is about to sleep: each writes its own, then reads the other's.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleepsIn) is { } work)
        {
            work.Wake();
        }
        else if (Volatile.Read(ref _isParked) == 1)
        {
            _parker.Unpark();
        }
    }

    private void Work()
    {
        s_current = this;
        for (var runs = 1; ; runs++)
        {
            if (_work.TryDequeue(out var run))
            {
                Run(run);
                if (runs % RunsBetweenLooks == 0)
                {
                    IdleWork?.TryDo();
                }
            }
            else if (_shutdown)
            {
                s_current = null;
                return;
            }
            else if (IdleWork is { IsPending: true } work)
            {
                Await(work);
            }
            else if (!Look(_spinsLong ? spin : spin / ShortSpin, idle: null))
            {
                Park();
            }
        }
    }

    private void Await(IIdleWork work)
    {
        if (work.TryDo())
        {
            return;
        }

        var time = work.TimeToLook();
        if (time > TimeSpan.Zero)
        {
            var found = Look(time, work);
            work.Looked(found);
            if (found)
            {
                return;
            }
        }

        Interlocked.Exchange(ref _sleepsIn, work);
        if (!HasWork && !_shutdown)
        {
            work.Sleep();
        }

        Interlocked.Exchange(ref _sleepsIn, null); // a barrier: a thread that saw it before has enqueued before
    }

    private void Park()
    {
        Interlocked.Exchange(ref _isParked, 1);
        if (!HasWork && !_shutdown)
        {
            var parked = Stopwatch.GetTimestamp();
            _parker.Park();
            _spinsLong = Stopwatch.GetElapsedTime(parked) < spin;
        }

        Interlocked.Exchange(ref _isParked, 0);
    }

    // Looks for work again and again, yielding the processor to threads that are about to bring some. False: none has come.
    private bool Look(TimeSpan time, IIdleWork? idle)
    {
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < time;)
        {
            if (!Thread.Yield())
            {
                Thread.SpinWait(20);
            }

            if (HasWork || idle?.TryDo() == true)
            {
                return true;
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
            SafeLog.Publish(log, new Error(e, Id, typeof(ThreadExecutor), e.Message));
        }
    }
}
