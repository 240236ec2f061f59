using Akka.Actor;

namespace AkkaAio.Shards;

/// <summary>
/// One telling of a command that waits for a slot: a link of its requester's queue, and of the tellings of its command. Used again when
/// it has left the queue. The shard's thread alone.
/// </summary>
internal sealed class Waiting
{
    public Queued Queued;

    /// <summary>The queue that it waits in.</summary>
    public WaitingList List = null!;

    public Waiting? Previous;
    public Waiting? Next;

    /// <summary>The tellings of the same command that wait, before and after this one.</summary>
    public Waiting? EarlierOfCommand;
    public Waiting? LaterOfCommand;
}

/// <summary>The commands of one requester that wait, in their order; any of them can be taken out at once.</summary>
internal sealed class WaitingList
{
    private Waiting? _last;

    /// <summary>Whose: compared by reference, since a ref's own Equals may be anybody's code.</summary>
    public object Requester = ActorRefs.Nobody;

    public Waiting? First { get; private set; }

    public void Add(Waiting waiting)
    {
        (waiting.List, waiting.Previous, waiting.Next) = (this, _last, null);
        if (_last is null)
        {
            First = waiting;
        }
        else
        {
            _last.Next = waiting;
        }

        _last = waiting;
    }

    public void Remove(Waiting waiting)
    {
        if (waiting.Previous is null)
        {
            First = waiting.Next;
        }
        else
        {
            waiting.Previous.Next = waiting.Next;
        }

        if (waiting.Next is null)
        {
            _last = waiting.Previous;
        }
        else
        {
            waiting.Next.Previous = waiting.Previous;
        }
    }
}
