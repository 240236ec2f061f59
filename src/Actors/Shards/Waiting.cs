using AkkaAio.Files;

namespace AkkaAio.Shards;

/// <summary>
/// One telling of a command, or a barrier, that waits: a link of the list that it waits in, and of the tellings of its command. So Cancel
/// finds and takes out what it names at once, however much waits. The shard's thread alone.
/// </summary>
internal sealed class Waiting
{
    /// <summary>The command; none with <see cref="Barrier"/>.</summary>
    public Queued Queued;

    public FileBarrier? Barrier;

    /// <summary>Where it waits.</summary>
    public WaitingList List = null!;

    public Waiting? Previous;
    public Waiting? Next;

    /// <summary>The tellings of the same command that wait, before and after this one.</summary>
    public Waiting? EarlierOfCommand;
    public Waiting? LaterOfCommand;
}

/// <summary>What waits for one thing, in its order: a requester's turn, or the end of a barrier.</summary>
internal sealed class WaitingList
{
    private Waiting? _last;

    /// <summary>
    /// Whose turn; null: it is held by a barrier. Compared by reference, since the Equals of a ref may be anybody's code.
    /// </summary>
    public object? Requester;

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
        if (waiting.Queued.Command is { } command)
        {
            (waiting.EarlierOfCommand, waiting.LaterOfCommand) = (command.Waiting, null);
            command.Waiting?.LaterOfCommand = waiting;
            command.Waiting = waiting;
        }
    }

    public static void Remove(Waiting waiting)
    {
        var list = waiting.List;
        if (waiting.Previous is null)
        {
            list.First = waiting.Next;
        }
        else
        {
            waiting.Previous.Next = waiting.Next;
        }

        if (waiting.Next is null)
        {
            list._last = waiting.Previous;
        }
        else
        {
            waiting.Next.Previous = waiting.Previous;
        }

        waiting.EarlierOfCommand?.LaterOfCommand = waiting.LaterOfCommand;
        waiting.LaterOfCommand?.EarlierOfCommand = waiting.EarlierOfCommand;
        if (waiting.Queued.Command is { } command && command.Waiting == waiting)
        {
            command.Waiting = waiting.EarlierOfCommand;
        }

        (waiting.List, waiting.Previous, waiting.Next) = (null!, null, null);
        (waiting.EarlierOfCommand, waiting.LaterOfCommand) = (null, null);
    }
}
