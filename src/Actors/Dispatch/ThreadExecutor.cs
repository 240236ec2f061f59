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
/// <remarks>
/// While it has nothing to do its place is free: another thread that brings work may take it for a moment (<see cref="StandIn"/>), which
/// saves waking this one. There is never more than one at work.
/// </remarks>
internal sealed class ThreadExecutor(string id, TimeSpan spin, EventStream log) : ExecutorService(id)
{
    // Of the spin, while work does not come within it.
    private const int ShortSpin = 10;

    // Mailboxes run in a row, before a look at the idle work: some actor may always have one message more.
    private const int RunsBetweenLooks = 16;

    // How long a thread that would stand in waits for the place. Gone at once, it leaves its completion to the one who has the place, who wakes
    // a thread for what comes of it. Reads at depth 128 by 128 threads, when wake-ups were dear: 108,000 to 121,000 a second.
    private static readonly TimeSpan WaitForPlace = TimeSpan.FromMicroseconds(20);

    [ThreadStatic]
    private static ThreadExecutor? s_current;

    private readonly ConcurrentQueue<IRunnable> _work = new();
    private readonly ThreadParker _parker = new();
    private int _started;

    // 1: a thread is at work, its own or one that stands in.
    private int _isTaken;

    // What it sleeps in, or is about to; null: it is awake, or parked.
    private IIdleWork? _sleepsIn;

    // Woken so soon after it had gone to sleep: to look a little longer would have saved the wake-up.
    private bool _spinsLong;
    private volatile bool _shutdown;

    /// <summary>The one whose work this thread does; null on any other thread.</summary>
    public static ThreadExecutor? Current => s_current;

    /// <summary>Whether something waits to be run.</summary>
    public bool HasWork => !_work.IsEmpty;

    private bool IsWanted => HasWork || IdleWork is { HasSome: true };

    /// <summary>What the thread waits for besides mailboxes. Set by who is at work.</summary>
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

    /// <summary>
    /// A thread that has brought idle work, or may have: does all that there is, unless somebody is at it, who then will not miss it.
    /// </summary>
    public void StandIn()
    {
        for (var runs = 0; TryEnterSoon();)
        {
            while (DoOne(runs))
            {
                if (++runs >= RunsBetweenLooks)
                {
                    Leave();
                    _parker.Unpark(); // the thread itself goes on: this one has other work, which waits for it
                    return;
                }
            }

            Leave();
            if (_shutdown)
            {
                _parker.Unpark(); // it found the place taken, and sleeps
            }

            if (!IsWanted)
            {
                return;
            }
        }
    }

    private void Rouse()
    {
        // Dekker's handshake with a thread that is about to sleep: each writes its own, then reads the other's.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleepsIn) is { } work)
        {
            work.Wake();
        }
        else if (Volatile.Read(ref _isTaken) == 0)
        {
            _parker.Unpark(); // else somebody is at work, and looks again when he leaves
        }
    }

    private void Work()
    {
        while (true)
        {
            if (TryEnter())
            {
                WorkUntilIdle();
                Leave();
                if (IsWanted)
                {
                    continue;
                }

                if (_shutdown)
                {
                    return;
                }

                if (HasWorkWithin(_spinsLong ? spin : spin / ShortSpin))
                {
                    continue;
                }
            }

            var parked = Stopwatch.GetTimestamp();
            _parker.Park();
            _spinsLong = Stopwatch.GetElapsedTime(parked) < spin;
        }
    }

    private void WorkUntilIdle()
    {
        for (var runs = 0; ; runs++)
        {
            if (DoOne(runs))
            {
                continue;
            }

            if (_shutdown || IdleWork is not { IsPending: true } work)
            {
                return;
            }

            Await(work);
        }
    }

    // False: there is nothing to do.
    private bool DoOne(int runs)
    {
        if (!_work.TryDequeue(out var run))
        {
            return IdleWork is { HasSome: true } work && work.TryDo();
        }

        Run(run);
        if ((runs + 1) % RunsBetweenLooks == 0)
        {
            IdleWork?.TryDo();
        }

        return true;
    }

    private bool TryEnterSoon()
    {
        if (TryEnter())
        {
            return true;
        }

        for (var start = Stopwatch.GetTimestamp(); IdleWork is { HasSome: true } && Stopwatch.GetElapsedTime(start) < WaitForPlace;)
        {
            if (Volatile.Read(ref _isTaken) == 0 && TryEnter())
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

    private bool TryEnter()
    {
        if (Interlocked.CompareExchange(ref _isTaken, 1, 0) != 0)
        {
            return false;
        }

        s_current = this;
        return true;
    }

    // Dekker's handshake with who brings work and finds the place taken: look at IsWanted after this.
    private void Leave()
    {
        s_current = null;
        Interlocked.Exchange(ref _isTaken, 0);
    }

    private void Await(IIdleWork work)
    {
        if (work.Poll(this))
        {
            return;
        }

        Interlocked.Exchange(ref _sleepsIn, work);
        if (!HasWork && !_shutdown)
        {
            work.Sleep();
        }

        Interlocked.Exchange(ref _sleepsIn, null); // a barrier: who saw it before has enqueued before
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
            SafeLog.Publish(log, new Error(e, Id, typeof(ThreadExecutor), e.Message));
        }
    }
}
