using System.Diagnostics;

namespace AkkaAio.Shards;

/// <summary>
/// Says whether a shard's thread is inside io_submit, and lets one other thread act for it meanwhile. A frozen file system holds that call
/// until it is thawed, in uninterruptible sleep; a Cancel and the end of the system cannot wait for it.
/// </summary>
/// <remarks>
/// While another thread visits, the shard's thread does not return from <see cref="Leave"/>: the shard's state has one user at any moment. In
/// normal operation this costs one uncontended compare-and-swap for each io_submit.
/// </remarks>
internal sealed class SubmitGate
{
    private const int Outside = 0;
    private const int Inside = 1;
    private const int Visited = 2;
    private const int Abandoned = 3;

    private int _state;
    private long _since;

    /// <summary>The shard's thread is inside io_submit, as far as can be seen.</summary>
    public bool IsInside => Volatile.Read(ref _state) == Inside;

    /// <summary>Another thread acts for the one that is inside: nothing can be staged or submitted.</summary>
    public bool IsVisited => Volatile.Read(ref _state) == Visited;

    /// <summary>The shard has been ended without its thread, which returns from io_submit into nothing.</summary>
    public bool IsAbandoned => Volatile.Read(ref _state) == Abandoned;

    /// <summary>The context may be in use by an io_submit: it must not be destroyed.</summary>
    public bool HoldsContext => Volatile.Read(ref _state) != Outside;

    /// <summary>Shard's thread: calls io_submit next.</summary>
    /// <param name="now">Stopwatch ticks.</param>
    /// <remarks>
    /// A full fence: this thread then looks at the mailbox, as a thread that puts something there then looks at <see cref="IsInside"/>. One
    /// of the two sees the other's.
    /// </remarks>
    public void Enter(long now)
    {
        Volatile.Write(ref _since, now);
        Interlocked.Exchange(ref _state, Inside);
    }

    /// <summary>Shard's thread: is back from io_submit. False: the shard has been abandoned meanwhile; nothing of it may be touched.</summary>
    public bool Leave()
    {
        var spin = default(SpinWait);
        while (true)
        {
            switch (Interlocked.CompareExchange(ref _state, Outside, Inside))
            {
                case Inside:
                    return true;
                case Abandoned:
                    return false;
                default:
                    spin.SpinOnce(); // a visit is a few replies long
                    break;
            }
        }
    }

    /// <summary>For how long the shard's thread has been inside; zero when it is outside, as far as can be seen.</summary>
    public TimeSpan InsideFor => IsInside ? Stopwatch.GetElapsedTime(Volatile.Read(ref _since)) : TimeSpan.Zero;

    /// <summary>Another thread: takes the shard if its thread has been inside io_submit for this long.</summary>
    public bool TryVisit(TimeSpan stuckFor) =>
        InsideFor >= stuckFor &&
        Interlocked.CompareExchange(ref _state, Visited, Inside) == Inside;

    /// <summary>Visitor: gives the shard back.</summary>
    public void EndVisit() => Volatile.Write(ref _state, Inside);

    /// <summary>Visitor: has ended the shard, and does not give it back.</summary>
    public void Abandon() => Volatile.Write(ref _state, Abandoned);
}
