using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace AkkaAio.Tasks;

/// <summary>
/// Ends operations whose Task somebody may be blocked on, where the thread pool does not come to it: all of its threads may be those that
/// block, and it adds others at a few a second.
/// </summary>
/// <remarks>
/// Only a Task can be waited for (<see cref="ValueTask{T}.AsTask"/>); an operation that is awaited as it is does not come here. The pool
/// has a millisecond first. The thread sleeps while there is nothing, and ends after some seconds of that.
/// </remarks>
internal static class BlockedWaits
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(5);

    private static readonly Type[] TaskTypes = TypesOfTasks();
    private static readonly ConcurrentQueue<(AioOperation Operation, int Use)> Ended = new();
    private static readonly object Gate = new();
    private static bool s_isAwake;
    private static bool s_hasThread;
    private static bool s_isUsed;

    /// <summary>Starts its thread. Tests let it fail.</summary>
    public static Action<ThreadStart> StartThread { get; set; } = DefaultStart;

    /// <summary>Whether anything has come here. Tests set it back.</summary>
    public static bool IsUsed
    {
        get => Volatile.Read(ref s_isUsed);
        set => Volatile.Write(ref s_isUsed, value);
    }

    public static void DefaultStart(ThreadStart run) => new Thread(run) { IsBackground = true, Name = "akka-aio-waits" }.Start();

    /// <summary>Whether a continuation's state is the Task that <c>AsTask</c> has made of the operation.</summary>
    public static bool IsOfTask(object? state) => state is Task && Array.IndexOf(TaskTypes, state.GetType()) >= 0;

    /// <summary>Any thread: the reply of this use of an operation is there.</summary>
    public static void Add(AioOperation operation, int use)
    {
        if (!s_isUsed)
        {
            IsUsed = true;
        }

        Ended.Enqueue((operation, use));
        Interlocked.MemoryBarrier(); // Dekker's handshake with a thread that goes to sleep
        if (!Volatile.Read(ref s_isAwake))
        {
            Wake();
        }
    }

    private static void Wake()
    {
        lock (Gate)
        {
            s_isAwake = true;
            if (s_hasThread)
            {
                Monitor.Pulse(Gate);
                return;
            }

            s_hasThread = true;
        }

        try
        {
            StartThread(Run);
        }
        catch (Exception) // no memory or no thread left: they end here, or the blocked threads would never go on
        {
            EndHere();
        }
    }

    // On the thread that has brought the reply.
    private static void EndHere()
    {
        lock (Gate)
        {
            (s_isAwake, s_hasThread) = (false, false); // the next one tries again
        }

        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new Elsewhere());
        try
        {
            while (Ended.TryDequeue(out var ended))
            {
                ended.Operation.EndInPlaceOfPool(ended.Use);
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private static void Run()
    {
        // What awaits such a Task is not run inside its completion under a context of this kind, but queued to the pool.
        SynchronizationContext.SetSynchronizationContext(new Elsewhere());
        do
        {
            while (Ended.Count is > 0 and var there)
            {
                Thread.Sleep(1);
                for (; there > 0 && Ended.TryDequeue(out var ended); there--)
                {
                    ended.Operation.EndInPlaceOfPool(ended.Use);
                }
            }
        }
        while (Sleep());
    }

    // False: the thread is to end.
    private static bool Sleep()
    {
        lock (Gate)
        {
            Volatile.Write(ref s_isAwake, false);
            Interlocked.MemoryBarrier();
            if (Ended.IsEmpty)
            {
                Monitor.Wait(Gate, KeepAlive);
            }

            s_hasThread = s_isAwake || !Ended.IsEmpty;
            s_isAwake = s_hasThread;
            return s_hasThread;
        }
    }

    // Asked of the runtime, for which they are private.
    private static Type[] TypesOfTasks()
    {
        var nothing = new Nothing();
        return
        [
            new ValueTask(nothing, 0).AsTask().GetType(), new ValueTask<int>(nothing, 0).AsTask().GetType(),
            new ValueTask<AioBuffer>(nothing, 0).AsTask().GetType(),
        ];
    }

    private sealed class Elsewhere : SynchronizationContext;

    /// <summary>Never completes.</summary>
    private sealed class Nothing : IValueTaskSource, IValueTaskSource<int>, IValueTaskSource<AioBuffer>
    {
        public ValueTaskSourceStatus GetStatus(short token) => ValueTaskSourceStatus.Pending;

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        {
        }

        public void GetResult(short token) => throw new InvalidOperationException();

        int IValueTaskSource<int>.GetResult(short token) => throw new InvalidOperationException();

        AioBuffer IValueTaskSource<AioBuffer>.GetResult(short token) => throw new InvalidOperationException();
    }
}
