using Akka.Actor;

namespace AkkaAio.Shards;

/// <summary>
/// What a shard has accepted and not finished: an <see cref="Operation"/>, a <see cref="Files.FileBarrier"/> at its home shard, or a
/// <see cref="RoomWaiter"/>. Each is in one list of all that is under way, and in a chain of the tellings of its command, so that Cancel,
/// the end and the drain look nowhere else. The shard's thread alone.
/// </summary>
internal abstract class Accepted : Waiting
{
    /// <summary>The command; null for an fdatasync, which serves the flushes of a file.</summary>
    public abstract Aio.FileCommand? Command { get; }

    /// <summary>Its place in <see cref="AcceptedList"/>; below zero: it is not there.</summary>
    public int AcceptedIndex { get; set; } = -1;

    /// <summary>The telling of the same command before this one that owes its reply.</summary>
    public Accepted? EarlierTelling { get; set; }

    /// <summary>The telling after this one.</summary>
    public Accepted? LaterTelling { get; set; }

    /// <summary>Takes the right, and the duty, to reply: once. Null: the reply has been given.</summary>
    public abstract IActorRef? TakeRequester();
}

/// <summary>An <see cref="Aio.AwaitRoom"/> that waits for room.</summary>
internal sealed class RoomWaiter(Aio.AwaitRoom room, IActorRef requester) : Accepted
{
    private IActorRef? _requester = requester;

    public Aio.AwaitRoom Room => room;

    /// <inheritdoc/>
    public override Aio.FileCommand Command => room;

    /// <inheritdoc/>
    public override IActorRef? TakeRequester() => Interlocked.Exchange(ref _requester, null);
}

/// <summary>All that a shard has under way, in no order. Empty: the shard is drained.</summary>
internal sealed class AcceptedList
{
    // An array and no links: to write a reference into an object costs as much as several numbers, and each operation comes and goes.
    private Entry[] _entries = new Entry[64];
    private int _count;

    public bool IsEmpty => _count == 0;

    public void Add(Accepted accepted)
    {
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, _count * 2);
        }

        accepted.AcceptedIndex = _count;
        _entries[_count++].Accepted = accepted;
        if (accepted.Command is { } command)
        {
            if (command.LastTelling is { } earlier)
            {
                (accepted.EarlierTelling, earlier.LaterTelling) = (earlier, accepted);
            }

            command.LastTelling = accepted;
        }
    }

    /// <summary>It is finished: nobody waits for its reply, and the kernel has none of its memory.</summary>
    public void Remove(Accepted accepted)
    {
        var index = accepted.AcceptedIndex;
        if (index < 0)
        {
            return;
        }

        var last = _entries[--_count].Accepted;
        if (last != accepted)
        {
            _entries[index].Accepted = last;
            last.AcceptedIndex = index;
        }

        _entries[_count].Accepted = null!;
        accepted.AcceptedIndex = -1;
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
        if (command.LastTelling == accepted)
        {
            command.LastTelling = earlier;
        }

        if (earlier is not null || later is not null)
        {
            earlier?.LaterTelling = later;
            later?.EarlierTelling = earlier;
            (accepted.EarlierTelling, accepted.LaterTelling) = (null, null);
        }
    }

    /// <summary>Those that are there now, to take some out.</summary>
    public Accepted[] ToArray() => Array.ConvertAll(_entries[.._count], static entry => entry.Accepted);

    // Without the type check that an array of references makes at each write.
    private struct Entry
    {
        public Accepted Accepted;
    }
}
