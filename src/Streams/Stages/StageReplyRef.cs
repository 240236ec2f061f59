using System.Collections.Concurrent;
using Akka.Actor;
using AkkaAio.Routing;

namespace AkkaAio.Streams.Stages;

/// <summary>
/// The requester of a stage: takes replies on the shard's thread and wakes the stage once for as many as have come. When the stage has
/// ended, what replies carry is given back: a buffer to the pool, and a file that was opened too late is closed.
/// </summary>
/// <remarks>
/// Not a stage actor: after its stage that one drops messages without a trace, and with them the buffers; and as an owner of files its end
/// is not noticed.
/// </remarks>
internal sealed class StageReplyRef(AioExt aio, Action wake) : MinimalActorRef
{
    private readonly ConcurrentQueue<Aio.Event> _replies = new();
    private int _isAwake;
    private int _isClosed;

    public override ActorPath Path { get; } = aio.Ref.Path / "stream";

    public override IActorRefProvider Provider => aio.System.Provider;

    /// <summary>The stage's own thread, when it has been woken: the next reply, until there is none.</summary>
    public bool TryTake(out Aio.Event? reply)
    {
        if (_replies.TryDequeue(out reply))
        {
            return true;
        }

        // A reply that comes from here on wakes the stage again. One that came just before it is taken now.
        Interlocked.Exchange(ref _isAwake, 0);
        return _replies.TryDequeue(out reply);
    }

    /// <summary>The stage has ended.</summary>
    public void Close()
    {
        Interlocked.Exchange(ref _isClosed, 1);
        GiveBackAll();
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is not Aio.Event reply)
        {
            return;
        }

        // Either this sees that the stage has ended, or Close sees the reply.
        _replies.Enqueue(reply);
        var isAwake = Interlocked.Exchange(ref _isAwake, 1) == 1;
        if (Volatile.Read(ref _isClosed) == 1)
        {
            GiveBackAll();
        }
        else if (!isAwake)
        {
            wake();
        }
    }

    private void GiveBackAll()
    {
        while (_replies.TryDequeue(out var late))
        {
            LostMessages.GiveBack(late);
        }
    }
}
