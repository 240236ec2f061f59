using System.Collections.Concurrent;
using Akka.Actor;
using AkkaAio.Dispatch;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards.Reaping;

/// <summary>
/// <c>reap.thread = own</c>: a second thread for each shard waits in io_getevents and hands the completions over. To the shard it is the
/// context: what it submits goes on to the engine's, what it reaps are those that have been handed over.
/// </summary>
internal sealed class OwnReaper(AioExt aio, Shard shard, IIoContext inner) : IIoContext, IReaping
{
    /// <summary>What the shard's thread does while the reaper's leaves the context. Tests run the other thread.</summary>
    internal static Action WaitForReaper { get; set; } = static () => Thread.Yield();

    private readonly AioSettings.ReapSettings _settings = aio.Settings.Reap;
    private readonly ConcurrentQueue<IoCompletion> _taken = new();
    private IActorRef _reaper = ActorRefs.Nobody;

    // Two threads meet at these without a lock: each number has one writer, and the flag is handed over by compare-and-swap.
    private long _submitted;
    private long _reaped;
    private int _isIdle = 1;
    private volatile bool _isInside;
    private volatile bool _stop;

    public int Depth => inner.Depth;

    public void SignalTo(EventFd completed) => inner.SignalTo(completed);

    private bool HasSome => Volatile.Read(ref _submitted) > Volatile.Read(ref _reaped);

    /// <summary>Before the first submit.</summary>
    public void Start(IActorContext context) => _reaper = context.ActorOf(
        Props.Create(() => new ReaperActor(this)).WithDispatcher(AioSettings.DispatcherId("reaper")).WithMailbox(AioMailbox.Id), "reaper");

    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        var result = inner.Submit(requests);
        Volatile.Write(ref _submitted, _submitted + result.Accepted);
        Interlocked.MemoryBarrier();
        if (HasSome && Volatile.Read(ref _isIdle) == 1 && Interlocked.CompareExchange(ref _isIdle, 0, 1) == 1)
        {
            Go();
        }

        return result;
    }

    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        var count = 0;
        while (count < completions.Length && _taken.TryDequeue(out var completion))
        {
            completions[count++] = completion;
        }

        // The end: nobody else reaps.
        return count == 0 && _stop ? inner.Reap(completions, minNr, timeout) : count;
    }

    public void Wake() => inner.Wake();

    public void Dispose() => inner.Dispose();

    public void End()
    {
        _stop = true;
        Interlocked.MemoryBarrier();
        while (_isInside)
        {
            inner.Wake();
            WaitForReaper();
        }
    }

    public void Release()
    {
        // Its actor ends as a child of the shard's.
    }

    // Waits for completions once. False: there is nothing to wait for, or it is the end.
    private bool TakeSome()
    {
        if (!HasSome && TryGoIdle())
        {
            return false;
        }

        _isInside = true;
        Interlocked.MemoryBarrier();
        try
        {
            return !_stop && Take();
        }
        finally
        {
            _isInside = false;
        }
    }

    private bool Take()
    {
        Span<IoCompletion> completions = stackalloc IoCompletion[Math.Min(_settings.Nr, 128)];
        var wanted = (int)Math.Min(Math.Min(_settings.MinNr, Math.Max(0, _submitted - _reaped)), completions.Length);
        var count = inner.Reap(completions, wanted, _settings.Timeout);
        foreach (var completion in completions[..count])
        {
            _taken.Enqueue(completion);
        }

        Volatile.Write(ref _reaped, _reaped + count);
        if (count > 0)
        {
            shard.Tell(CompletionsThere.Instance, ActorRefs.NoSender);
        }

        return count > 0 || wanted == 0;
    }

    // False: something was submitted meanwhile.
    private bool TryGoIdle()
    {
        Volatile.Write(ref _isIdle, 1);
        Interlocked.MemoryBarrier();
        return !HasSome || Interlocked.CompareExchange(ref _isIdle, 0, 1) != 1;
    }

    /// <summary>Runs it on <c>reaper-dispatcher</c>, a thread of its own.</summary>
    private sealed class ReaperActor(OwnReaper reaper) : UntypedActor
    {
        public static readonly object Go = new Message();

        // Reaps in a row, then a look into the mailbox: a reaper under load would never see its Stop.
        private const int ReapsPerMessage = 64;

        protected override void OnReceive(object message)
        {
            if (message is not Message)
            {
                Unhandled(message);
                return;
            }

            try
            {
                for (var reaps = 0; reaps < ReapsPerMessage && reaper.TakeSome(); reaps++)
                {
                }

                if (!reaper._stop && Volatile.Read(ref reaper._isIdle) == 0)
                {
                    Self.Tell(Go);
                }
            }
            catch (Exception e)
            {
                reaper.Fail(e);
            }

        }

        private sealed class Message : INoSerializationVerificationNeeded;
    }

    // Guarded: what has been submitted is the kernel's, whatever comes of this.
    private void Go()
    {
        try
        {
            _reaper.Tell(ReaperActor.Go, ActorRefs.NoSender);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Fail(Exception cause) => shard.Tell(new ReapFailed(this, cause), ActorRefs.NoSender);
}
