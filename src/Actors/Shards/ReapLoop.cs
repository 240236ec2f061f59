using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Shards;

/// <summary>
/// The one thread that reaps for all shards, with <c>reap.wait = epoll</c>: it waits in epoll_wait(2) for the eventfds that the shards'
/// operations signal. Without work it sleeps there, and nothing wakes it.
/// </summary>
/// <remarks>
/// A shard's <see cref="ReaperActor"/> stays what it is for the end: it ends the watch, then drains and destroys the context, on the
/// drain dispatcher, where that holds up nobody else.
/// </remarks>
internal sealed class ReapLoop : IDisposable
{
    private readonly ILoggingAdapter _log;
    private readonly EpollSet _set = new();
    private readonly ConcurrentDictionary<long, Watch> _watches = [];
    private readonly Thread _thread;
    private long _lastKey;
    private volatile bool _stop;
    private volatile Exception? _dead;

    public ReapLoop(ILoggingAdapter log)
    {
        _log = log;
        _thread = new Thread(Run) { IsBackground = true, Name = AioSettings.DispatcherId("reaper") };
        try
        {
            _thread.Start();
        }
        catch // no memory for its stack
        {
            _set.Dispose();
            throw;
        }
    }

    /// <summary>Reaps a context from now on. Before its first submit.</summary>
    /// <exception cref="AioException">A limit of the system is reached, or the thread has failed.</exception>
    public Watch Add(InFlight inFlight, Completions completions)
    {
        if (_dead is { } cause)
        {
            throw new AioException($"the thread that reaps for all shards has ended: {cause.Message}", cause);
        }

        var watch = new Watch(this, Interlocked.Increment(ref _lastKey), completions);
        try
        {
            ((ISignalsCompletions)inFlight.Context).SignalTo(watch.Signal);
            _watches[watch.Key] = watch;
            _set.Add(watch.Signal, watch.Key);
            return watch;
        }
        catch
        {
            _watches.TryRemove(watch.Key, out _);
            watch.Signal.Dispose();
            throw;
        }
    }

    /// <summary>Ends the thread. All watches have ended.</summary>
    public void Dispose()
    {
        _stop = true;
        _set.Wake();
        _thread.Join();
        _set.Dispose();
    }

    private void Run()
    {
        try
        {
            Span<long> keys = stackalloc long[64];
            while (!_stop)
            {
                var count = _set.Wait(keys);
                foreach (var key in keys[..count])
                {
                    if (_watches.TryGetValue(key, out var watch))
                    {
                        watch.Reap();
                    }
                }
            }
        }
        catch (Exception e) // epoll_wait's own: no shard would ever be answered again
        {
            _log.Error(e, "The thread that reaps for all shards ends");
            _dead = e;
            foreach (var watch in _watches.Values)
            {
                watch.Fail(e);
            }
        }
    }

    /// <summary>One context.</summary>
    internal sealed class Watch(ReapLoop loop, long key, Completions completions) : IContextWatch
    {
        // Of one context, before the others have their turn.
        private const int MaxTakes = 16;

        // Between the thread and the one that ends the watch: free at all other times.
        private readonly Lock _reaping = new();
        private IActorRef _reaper = ActorRefs.Nobody;
        private bool _ended;

        public long Key => key;

        public EventFd Signal { get; } = new(blocking: false);

        /// <inheritdoc/>
        public IActorRef Reaper
        {
            set => Volatile.Write(ref _reaper, value);
        }

        /// <summary>Takes out what there is.</summary>
        public void Reap()
        {
            lock (_reaping)
            {
                try
                {
                    if (!_ended)
                    {
                        TakeAll();
                    }
                }
                catch (Exception e)
                {
                    Fail(e);
                }
            }
        }

        /// <summary>The shard starts anew: its reaper throws this, where its supervisor sees it.</summary>
        public void Fail(Exception cause)
        {
            lock (_reaping)
            {
                if (_ended)
                {
                    return; // its descriptor may be another's by now
                }

                loop._set.Remove(Signal); // it would be ready for ever
            }

            Volatile.Read(ref _reaper).Tell(new ReapFailed(cause), ActorRefs.NoSender);
        }

        /// <inheritdoc/>
        public void End()
        {
            lock (_reaping)
            {
                _ended = true;
                loop._set.Remove(Signal);
            }

            loop._watches.TryRemove(key, out _);
        }

        /// <inheritdoc/>
        public void Release() => Signal.Dispose();

        private void TakeAll()
        {
            // First: what completes from here on signals again. It also resets a counter that has overflowed.
            Signal.Clear();
            for (var takes = 0; completions.Take(0, TimeSpan.Zero) > 0; takes++)
            {
                if (takes == MaxTakes)
                {
                    Signal.Signal(); // there is more
                    return;
                }
            }
        }
    }
}
