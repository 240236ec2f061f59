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

    private Reply[] _replies = new Reply[64];
    private int _count;
    private int _told;
    private int _reaped;
    private long _reapedAt;

    public void Add(IActorRef? requester, Aio.Event reply)
    {
        if (requester is not null)
        {
            Add(new Reply(requester, reply, 0));
        }
    }

    /// <summary>An awaited command succeeded: that is told by a call, without an event.</summary>
    public void Add(AioOperation requester, Aio.FileCommand command, int count) => Add(new Reply(requester, command, count));

    /// <summary>Of the replies that are told next, this many are to what was reaped then.</summary>
    public void Reaped(int count, long at)
    {
        _reaped += count;
        _reapedAt = at;
    }

    public void TellAll()
    {
        if (_count == 0 && _reaped == 0)
        {
            return;
        }

        while (_told < _count)
        {
            var (requester, message, count) = _replies[_told++]; // told once, whatever comes of it
            if (message is Aio.Event reply)
            {
                requester.Reply(reply, shard.Sender, log);
            }
            else
            {
                ((AioOperation)requester).Complete((Aio.FileCommand)message, count);
            }
        }

        if (_count > MaxKept)
        {
            _replies = new Reply[MaxKept];
        }
        else
        {
            Array.Clear(_replies, 0, _count);
        }

        (_count, _told) = (0, 0);
        if (_reaped > 0)
        {
            var reaped = _reaped;
            _reaped = 0;
            shard.Telemetry.Delivered(reaped, Stopwatch.GetTimestamp() - _reapedAt);
        }
    }

    private void Add(in Reply reply)
    {
        if (_count == _replies.Length)
        {
            Array.Resize(ref _replies, _count * 2);
        }

        _replies[_count++] = reply;
    }

    private readonly record struct Reply(IActorRef Requester, Aio.Message Message, int Count);
}
