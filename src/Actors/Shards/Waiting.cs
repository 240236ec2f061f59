using AkkaAio.Files;

namespace AkkaAio.Shards;

/// <summary>What can wait in a <see cref="WaitingList"/>: a link of it, so that it is taken out at once, wherever it stands.</summary>
internal abstract class Waiting
{
    /// <summary>The list that it waits in; null: none.</summary>
    public WaitingList? List { get; set; }

    public Waiting? Previous { get; set; }

    public Waiting? Next { get; set; }
}

/// <summary>A barrier that waits in one lane behind another barrier of its file. It has one of these in each lane.</summary>
internal sealed class HeldBarrier(FileBarrier barrier) : Waiting
{
    public FileBarrier Barrier => barrier;
}

/// <summary>What waits for one thing, in its order: a requester's turn, the end of a barrier, or a longer file.</summary>
internal sealed class WaitingList
{
    private Waiting? _last;

    /// <summary>Whose turn; null in a lane. Compared by reference, since the Equals of a ref may be anybody's code.</summary>
    public object? Requester { get; set; }

    public Waiting? First { get; private set; }

    public int Count { get; private set; }

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
        Count++;
    }

    public void Remove(Waiting waiting)
    {
        var (previous, next) = (waiting.Previous, waiting.Next);
        if (previous is null)
        {
            First = next;
        }
        else
        {
            previous.Next = next;
        }

        if (next is null)
        {
            _last = previous;
        }
        else
        {
            next.Previous = previous;
        }

        (waiting.List, waiting.Previous, waiting.Next) = (null, null, null);
        Count--;
    }
}
