using System.Threading.Tasks.Sources;
using Akka.Actor;

namespace AkkaAio.Tasks;

/// <summary>
/// One awaited command: the requester that it is told with and the source of the <see cref="ValueTask"/> in one pooled object. The
/// reply arrives on a reaper; the continuation runs on the thread pool, or where the awaiting code's context wants it: on a shard's thread
/// (<see cref="ShardThread"/>) this object itself is queued there. A Task made of it may be completed by <see cref="BlockedWaits"/>.
/// </summary>
/// <remarks>
/// It goes back to the pool when the result has been taken, which is after the reply. It takes one reply for each use, by one
/// compare-and-swap of the command that it awaits: the reply to any other command (its own Cancel, or that of an earlier use) and
/// whatever comes while it is in the pool are ignored, so that nothing completes it twice. The commands to read and write with memory of
/// the caller's go with it, and their success is told by a call: so awaiting them allocates nothing. A command that failed is not used
/// again, and one that can be cancelled is a command of its own, since a Cancel names the object and may come late.
/// </remarks>
internal sealed class AioOperation : MinimalActorRef, IThreadPoolWorkItem, IValueTaskSource, IValueTaskSource<int>,
    IValueTaskSource<AioBuffer>
{
    // Per thread, so that no two threads meet at the pool. More are left to the garbage collector.
    private const int MaxPooled = 256;

    [ThreadStatic]
    private static Stack<AioOperation>? s_pool;

    // Where a use of this object stands: flags, and above them its number. Two threads may come to end one: the pool's and BlockedWaits'.
    private const int IsTold = 1; // the reply is there
    private const int HasTask = 2; // AsTask has been called, so that somebody may block
    private const int IsEnded = 4;
    private const int InPlaceOfPool = 8; // whose thread may still come
    private const int IsOnShard = 16; // awaited by code on a shard's thread
    private const int FlagBits = 5;

    private int _use;

    // The count of bytes; 0 for commands without one.
    private ManualResetValueTaskSourceCore<int> _source;
    private AioExt _aio = null!;
    private Aio.FileCommand _command = null!;

    // The command whose reply is awaited; null: it has come, or this is in the pool.
    private Aio.FileCommand? _awaited;

    // Null when the success was told by Complete.
    private Aio.Event? _reply;
    private int _count;
    private ShardThread? _shardThread;
    private Aio.ReadInto? _readInto;
    private Aio.Write? _write;
    private CancellationToken _cancellationToken;
    private CancellationTokenRegistration _cancellation;

    private AioOperation()
    {
    }

    public override ActorPath Path => _aio.TaskPath;

    public override IActorRefProvider Provider => _aio.System.Provider;

    /// <summary>Tells the command and gives the operation to await, once.</summary>
    public static Started Start(Aio.FileCommand command, CancellationToken cancellationToken) =>
        Rent().Tell(command, cancellationToken);

    /// <summary>Tells an <see cref="Aio.ReadInto"/>.</summary>
    public static Started StartReadInto(AioFile file, Memory<byte> destination, long offset, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            return Start(new Aio.ReadInto(file, destination, offset) { IsLookedFor = true }, cancellationToken);
        }

        var operation = Rent();
        var command = operation._readInto ??= new Aio.ReadInto(file, destination, offset);
        command.Reuse(file, destination, offset);
        return operation.Tell(command, cancellationToken);
    }

    /// <summary>Tells an <see cref="Aio.Write"/>.</summary>
    public static Started StartWrite(
        AioFile file, ReadOnlyMemory<byte> data, long offset, AioDurability durability, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            return Start(new Aio.Write(file, data, offset) { Durability = durability }, cancellationToken);
        }

        var operation = Rent();
        var command = operation._write ??= new Aio.Write(file, data, offset);
        command.Reuse(file, data, offset, durability);
        return operation.Tell(command, cancellationToken);
    }

    /// <summary>The command succeeded, with this many bytes. In place of a reply's message.</summary>
    public void Complete(Aio.FileCommand command, int count)
    {
        if (TryClaim(command))
        {
            _count = count;
            End();
        }
    }

    private static AioOperation Rent() =>
        (s_pool ??= new Stack<AioOperation>()).TryPop(out var operation) ? operation : new AioOperation();

    private Started Tell(Aio.FileCommand command, CancellationToken cancellationToken)
    {
        var aio = command.File.Aio;
        _aio = aio;
        _command = command;
        _awaited = command;
        _cancellationToken = cancellationToken;
        if (cancellationToken.CanBeCanceled)
        {
            // Before the command is told: afterwards the operation may be done and in another's hands already.
            _cancellation = cancellationToken.UnsafeRegister(static state => ((AioOperation)state!).TellCancel(), this);
        }

        var version = _source.Version;
        aio.Ref.Tell(command, this);
        if (cancellationToken.IsCancellationRequested)
        {
            // The callback's Cancel may have come to the shard before the command. The operation itself may be done and in another's
            // hands by now; the answer to a Cancel is no concern of it.
            aio.Ref.Tell(new Aio.Cancel(command), this);
        }

        return new Started(this, version);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _source.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<AioBuffer>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<AioBuffer>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => TakeResult(token);

    int IValueTaskSource<int>.GetResult(short token) => TakeResult(token);

    AioBuffer IValueTaskSource<AioBuffer>.GetResult(short token)
    {
        var reply = _reply; // of this version, if the token is: else the next line throws
        TakeResult(token);
        return ((Aio.RentReadCompleted)reply!).Buffer;
    }

    void IThreadPoolWorkItem.Execute()
    {
        if ((Interlocked.Or(ref _use, IsEnded) & IsEnded) == 0)
        {
            SetResult();
        }
    }

    /// <summary>Not the pool's thread: ends this use of the object, unless it has ended.</summary>
    public void EndInPlaceOfPool(int use)
    {
        var seen = Volatile.Read(ref _use);
        while (seen >>> FlagBits == use && (seen & IsEnded) == 0)
        {
            var before = Interlocked.CompareExchange(ref _use, seen | IsEnded | InPlaceOfPool, seen);
            if (before == seen)
            {
                SetResult();
                return;
            }

            seen = before;
        }
    }

    // The reply is there. The result is not set here, on a shard's thread, since user code may run inside that.
    private void End()
    {
        var before = Interlocked.Or(ref _use, IsTold);
        if ((before & IsOnShard) != 0)
        {
            _shardThread!.Queue(this);
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        if ((before & HasTask) != 0)
        {
            BlockedWaits.Add(this, before >>> FlagBits);
        }
    }

    private void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        // Before it is registered: from then on the operation may be done and in another's hands.
        var before = 0;
        if (_source.Version == token)
        {
            if ((flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) != 0 &&
                SynchronizationContext.Current is ShardThread thread)
            {
                // Told already: it is the pool's, and the source posts the continuation. That allocates.
                _shardThread = thread;
                if ((Interlocked.Or(ref _use, IsOnShard) & IsTold) == 0)
                {
                    flags &= ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext;
                }
            }
            else if (BlockedWaits.IsOfTask(state))
            {
                before = Interlocked.Or(ref _use, HasTask);
            }
        }

        _source.OnCompleted(continuation, state, token, flags);
        if ((before & IsTold) != 0)
        {
            BlockedWaits.Add(this, before >>> FlagBits);
        }
    }

    private void SetResult()
    {
        // Waits for a cancellation that is just being told; after it, none can come.
        _cancellation.Dispose();
        switch (_reply)
        {
            case Aio.CommandFailed { Cause: AioCanceledException canceled } when _cancellationToken.IsCancellationRequested:
                _source.SetException(new OperationCanceledException(canceled.Message, canceled, _cancellationToken));
                break;
            case Aio.CommandFailed failed:
                _source.SetException(failed.Cause);
                break;
            case Aio.ReadIntoCompleted read:
                _source.SetResult(read.Count); // of no bytes
                break;
            case Aio.ReadVCompleted read:
                _source.SetResult(read.Count); // of no bytes
                break;
            case Aio.RoomAvailable room:
                _source.SetResult(room.Credit);
                break;
            default:
                _source.SetResult(_count);
                break;
        }
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is not Aio.Event reply)
        {
            return;
        }

        if (TryClaim(reply.Command))
        {
            _reply = reply;
            End();
        }
        else if (reply is Aio.RentReadCompleted { Buffer: var nobodys })
        {
            nobodys.Dispose();
        }
    }

    // True once for each use, and for its own command alone: the one that gets it completes the operation.
    private bool TryClaim(Aio.Command command) =>
        command is Aio.FileCommand own && Interlocked.CompareExchange(ref _awaited, null, own) == own;

    private void TellCancel() => _aio.Ref.Tell(new Aio.Cancel(_command), this);

    private int TakeResult(short token)
    {
        // Throws on a stale token. A result that is not there yet must not send the object to the pool.
        if (_source.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("a ValueTask's result is taken once, after it has completed: await it");
        }

        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            Recycle();
        }
    }

    private void Recycle()
    {
        _source.Reset();
        _aio = null!; // else the pool would keep a whole actor system alive after its end
        _command = null!;
        if (_reply is Aio.CommandFailed)
        {
            (_readInto, _write) = (null, null);
        }

        _reply = null;
        _count = 0;
        _shardThread = null;
        _readInto?.Reuse(null!, default, 0);
        _write?.Reuse(null!, default, 0, AioDurability.None);
        _cancellation = default;
        _cancellationToken = default;
        if ((_use & InPlaceOfPool) != 0)
        {
            return; // the pool's thread comes to find that it has ended
        }

        Volatile.Write(ref _use, ((_use >>> FlagBits) + 1) << FlagBits);
        var pool = s_pool ??= new Stack<AioOperation>();
        if (pool.Count < MaxPooled)
        {
            pool.Push(this);
        }
    }

    /// <summary>The operation in the version that was started: by the time it is awaited it may be complete.</summary>
    public readonly record struct Started(AioOperation Operation, short Version)
    {
        public ValueTask AsTask() => new(Operation, Version);

        public ValueTask<int> AsCountTask() => new(Operation, Version);

        public ValueTask<AioBuffer> AsBufferTask() => new(Operation, Version);
    }
}
