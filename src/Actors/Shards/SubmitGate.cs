using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AkkaAio.Shards;

/// <summary>
/// Says whether a shard's thread is inside io_submit, and lets one other thread act for it meanwhile. A frozen file system holds that call
/// until it is thawed, in uninterruptible sleep; a Cancel and the end of the system cannot wait for it.
/// </summary>
/// <remarks>
/// While another thread visits, the shard's thread does not return from <see cref="Leave"/>: the shard's state has one user at any moment.
/// In normal operation this costs two uncontended interlocked operations for each io_submit.
/// </remarks>
internal sealed class SubmitGate
{
    private const int Outside = 0;
    private const int Inside = 1;
    private const int Visited = 2;
    private const int Abandoned = 3;

    private Padded _call;

    /// <summary>The shard's thread is at work, and may stage and submit. False for a visitor, and once the shard is abandoned.</summary>
    public bool MaySubmit => Volatile.Read(ref _call.State) == Outside;

    /// <summary>The shard's thread is inside io_submit, as far as can be seen.</summary>
    public bool IsInside => Volatile.Read(ref _call.State) == Inside;

    /// <summary>Another thread acts for the one that is inside.</summary>
    public bool IsVisited => Volatile.Read(ref _call.State) == Visited;

    /// <summary>The shard has been ended without its thread, which returns from io_submit into nothing.</summary>
    public bool IsAbandoned => Volatile.Read(ref _call.State) == Abandoned;

    /// <summary>For how long the shard's thread has been inside; zero when it is outside, as far as can be seen.</summary>
    public TimeSpan InsideFor => IsInside ? SinceEnter : TimeSpan.Zero;

    private TimeSpan SinceEnter => Stopwatch.GetElapsedTime(Volatile.Read(ref _call.Since));

    /// <summary>Shard's thread: calls io_submit next.</summary>
    /// <param name="now">Stopwatch ticks.</param>
    /// <remarks>
    /// A full fence: this thread then looks at the mailbox, as a thread that puts something there then looks at <see cref="IsInside"/>. One
    /// of the two sees the other's.
    /// </remarks>
    public void Enter(long now)
    {
        Volatile.Write(ref _call.Since, now);
        Interlocked.Exchange(ref _call.State, Inside);
    }

    /// <summary>Shard's thread: is back from io_submit. False: the shard has been abandoned meanwhile; nothing of it may be
    /// touched.</summary>
    public bool Leave()
    {
        var spin = default(SpinWait);
        while (true)
        {
            switch (Interlocked.CompareExchange(ref _call.State, Outside, Inside))
            {
                case Inside:
                    return true;
                case Abandoned:
                    return false;
                default:
                    spin.SpinOnce(); // a visit takes up what is in the mailbox, and sleeps nowhere
                    break;
            }
        }
    }

    /// <summary>Another thread: takes the shard if its thread has been inside one io_submit for this long.</summary>
    public bool TryVisit(TimeSpan stuckFor)
    {
        if (InsideFor < stuckFor || Interlocked.CompareExchange(ref _call.State, Visited, Inside) != Inside)
        {
            return false;
        }

        if (SinceEnter >= stuckFor)
        {
            return true;
        }

        EndVisit(); // it came out in between, and went into another call
        return false;
    }

    /// <summary>Visitor: gives the shard back.</summary>
    public void EndVisit() => Volatile.Write(ref _call.State, Inside);

    /// <summary>Visitor: has ended the shard, and does not give it back.</summary>
    public void Abandon() => Volatile.Write(ref _call.State, Abandoned);

    /// <summary>On cache lines of its own: every thread that tells the shard something reads it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Padded
    {
        [FieldOffset(64)]
        public int State;

        [FieldOffset(72)]
        public long Since;
    }
}
