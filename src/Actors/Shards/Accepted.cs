using Akka.Actor;

namespace AkkaAio.Shards;

/// <summary>
/// What a shard has accepted and not finished: an <see cref="Operation"/>, a <see cref="Files.FileBarrier"/> at its home shard, or a
/// <see cref="RoomWaiter"/>. Each is in one list of all that is under way, and in a chain of the tellings of its command, so that Cancel, the
/// end and the drain look nowhere else. The shard's thread alone.
/// </summary>
internal abstract class Accepted : Waiting
{
    /// <summary>The command; null for an fdatasync, which serves the flushes of a file.</summary>
    public Aio.FileCommand? Command { get; set; }

    /// <summary>Neighbours in the list of all that is under way.</summary>
    public Accepted? PreviousAccepted { get; set; }

    /// <inheritdoc cref="PreviousAccepted"/>
    public Accepted? NextAccepted { get; set; }

    /// <summary>The telling of the same command before this one that owes its reply.</summary>
    public Accepted? EarlierTelling { get; set; }

    /// <summary>The telling after this one.</summary>
    public Accepted? LaterTelling { get; set; }

    /// <summary>Takes the right, and the duty, to reply: once. Null: the reply has been given.</summary>
    public abstract IActorRef? TakeRequester();
}

/// <summary>An <see cref="Aio.AwaitRoom"/> that waits for room.</summary>
internal sealed class RoomWaiter : Accepted
{
    private IActorRef? _requester;

    public RoomWaiter(Aio.AwaitRoom command, IActorRef requester)
    {
        Command = command;
        _requester = requester;
    }

    public override IActorRef? TakeRequester() => Interlocked.Exchange(ref _requester, null);
}

/// <summary>All that a shard has under way. Empty: the shard is drained.</summary>
internal sealed class AcceptedList
{
    private Accepted? _last;

    public Accepted? First { get; private set; }

    public bool IsEmpty => First is null;

    public void Add(Accepted accepted)
    {
        accepted.PreviousAccepted = _last;
        accepted.NextAccepted = null;
        if (_last is null)
        {
            First = accepted;
        }
        else
        {
            _last.NextAccepted = accepted;
        }

        _last = accepted;
        if (accepted.Command is { } command)
        {
            (accepted.EarlierTelling, accepted.LaterTelling) = (command.LastTelling, null);
            command.LastTelling?.LaterTelling = accepted;
            command.LastTelling = accepted;
        }
    }

    /// <summary>It is finished: nobody waits for its reply, and the kernel has none of its memory.</summary>
    public void Remove(Accepted accepted)
    {
        var (previous, next) = (accepted.PreviousAccepted, accepted.NextAccepted);
        if (previous is null)
        {
            First = next;
        }
        else
        {
            previous.NextAccepted = next;
        }

        if (next is null)
        {
            _last = previous;
        }
        else
        {
            next.PreviousAccepted = previous;
        }

        (accepted.PreviousAccepted, accepted.NextAccepted) = (null, null);
        Forget(accepted);
    }

    /// <summary>Its reply is given: a Cancel does not find it any more.</summary>
    public static void Forget(Accepted accepted)
    {
        if (accepted.Command is not { } command)
        {
            return;
        }

        var (earlier, later) = (accepted.EarlierTelling, accepted.LaterTelling);
        earlier?.LaterTelling = later;
        later?.EarlierTelling = earlier;
        if (command.LastTelling == accepted)
        {
            command.LastTelling = earlier;
        }

        (accepted.EarlierTelling, accepted.LaterTelling) = (null, null);
    }
}
