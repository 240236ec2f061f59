using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Routing;
using AkkaAio.Tasks;

namespace AkkaAio.Shards;

/// <summary>
/// The replies of a turn of the shard, told in their order when everything is accounted for: a requester's ref may be anybody's code. The
/// shard's thread alone.
/// </summary>
internal sealed class ReplyList(Shard shard, ILoggingAdapter log)
{
    // Room that a burst has taken is kept up to here.
    private const int MaxKept = 4096;

    private readonly List<Reply> _replies = [];
    private int _reaped;
    private long _reapedAt;

    public void Add(IActorRef? requester, Aio.Event reply)
    {
        if (requester is not null)
        {
            _replies.Add(new Reply(requester, reply, null, 0));
        }
    }

    /// <summary>An awaited command succeeded: that is told by a call, without an event.</summary>
    public void Add(AioOperation requester, Aio.FileCommand command, int count) =>
        _replies.Add(new Reply(requester, null, command, count));

    /// <summary>Of the replies that are told next, this many are to what was reaped then.</summary>
    public void Reaped(int count, long at)
    {
        _reaped += count;
        _reapedAt = at;
    }

    public void TellAll()
    {
        // By index: what is told here may lead to more.
        for (var i = 0; i < _replies.Count; i++)
        {
            var (requester, reply, command, count) = _replies[i];
            _replies[i] = default; // told once, whatever comes of it
            if (reply is not null)
            {
                requester.Reply(reply, shard.Sender, log);
            }
            else if (command is not null)
            {
                ((AioOperation)requester).Complete(command, count);
            }
        }

        if (_reaped > 0)
        {
            var count = _reaped;
            _reaped = 0;
            shard.Telemetry.Delivered(count, Stopwatch.GetTimestamp() - _reapedAt);
        }

        _replies.Clear();
        if (_replies.Capacity > MaxKept)
        {
            _replies.Capacity = 0;
        }
    }

    private readonly record struct Reply(IActorRef Requester, Aio.Event? Event, Aio.FileCommand? Command, int Count);
}
