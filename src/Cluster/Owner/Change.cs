using Akka.Actor;

namespace AkkaAio.Cluster.Owner;

/// <summary>A request that changes a file, from its arrival to its reply. Told again, it waits for the same reply.</summary>
internal sealed class Change(ulong number, long bytes, IActorRef requester)
{
    private readonly List<IActorRef> _requesters = [requester];

    public ulong Number => number;

    /// <summary>Bytes that it holds.</summary>
    public long Bytes => bytes;

    /// <summary>Where its bytes go.</summary>
    public long Offset { get; init; }

    /// <summary>Where the file ended before it, if it is an append.</summary>
    public long? AppendedAt { get; init; }

    /// <summary>Of a durable append to a log: where the log ends behind it, which is durable up to there when it is done.</summary>
    public long? DurableEnd { get; init; }

    /// <summary>What it will be answered with if it succeeds.</summary>
    public Wire.Reply Success { get; init; } = new();

    /// <summary>The kernel is done with it.</summary>
    public bool IsDone { get; private set; }

    public Exception? Error { get; private set; }

    /// <summary>Null: it has none yet.</summary>
    public Wire.Reply? Reply { get; private set; }

    public void Done(Exception? error) => (IsDone, Error) = (true, error);

    public void AlsoFor(IActorRef requester)
    {
        if (Reply is not null)
        {
            requester.Tell(Reply);
        }
        else if (!_requesters.Contains(requester))
        {
            _requesters.Add(requester);
        }
    }

    public void Answer(Wire.Reply reply)
    {
        Reply = reply;
        foreach (var requester in _requesters)
        {
            requester.Tell(reply);
        }

        _requesters.Clear();
    }
}
