using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Shards.Reaping;

/// <summary>
/// <c>reap.wait = epoll</c>: one thread for all shards waits in epoll_wait(2) for the eventfds that their operations signal, and tells a
/// shard when it has completions. Without work it sleeps there, and nothing wakes it.
/// </summary>
internal sealed class EpollReaper : IDisposable
{
    private readonly ILoggingAdapter _log;
    private readonly EpollSet _set = new();
    private readonly ConcurrentDictionary<long, Watched> _watched = [];
    private readonly Thread _thread;
    private long _lastKey;
    private volatile bool _stop;
    private volatile Exception? _dead;

    public EpollReaper(ILoggingAdapter log)
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

    /// <summary>Watches a context from now on. Before its first submit.</summary>
    /// <exception cref="AioException">A limit of the system is reached, or the thread has failed.</exception>
    public Watched Add(IIoContext context, Shard shard)
    {
        if (_dead is { } cause)
        {
            throw new AioException($"the thread that reaps for all shards has ended: {cause.Message}", cause);
        }

        var watched = new Watched(this, Interlocked.Increment(ref _lastKey), shard);
        try
        {
            context.SignalTo(watched.Signal);
            _watched[watched.Key] = watched;
            _set.Add(watched.Signal, watched.Key);
            return watched;
        }
        catch
        {
            _watched.TryRemove(watched.Key, out _);
            watched.Signal.Dispose();
            throw;
        }
    }

    /// <summary>Ends the thread. No context is watched any more.</summary>
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
                    if (_watched.TryGetValue(key, out var watched))
                    {
                        watched.Tell();
                    }
                }
            }
        }
        catch (Exception e) // epoll_wait's own: no shard would ever be answered again
        {
            _log.Error(e, "The thread that reaps for all shards ends");
            _dead = e;
            foreach (var watched in _watched.Values)
            {
                watched.Shard.Tell(new ReapFailed(watched, e), ActorRefs.NoSender);
            }
        }
    }

    /// <summary>One context.</summary>
    internal sealed class Watched(EpollReaper reaper, long key, Shard shard) : IReaping
    {
        private readonly Lock _ending = new();
        private bool _ended;

        public long Key => key;

        public Shard Shard => shard;

        public EventFd Signal { get; } = new(blocking: false);

        /// <summary>The thread: completions are there.</summary>
        public void Tell()
        {
            lock (_ending)
            {
                if (_ended)
                {
                    return; // its descriptor may be another's by now
                }

                // First: what completes from here on signals again. It also resets a counter that has overflowed.
                Signal.Clear();
            }

            shard.Tell(CompletionsThere.Instance, ActorRefs.NoSender);
        }

        /// <inheritdoc/>
        public void End()
        {
            lock (_ending)
            {
                _ended = true;
                reaper._set.Remove(Signal);
            }

            reaper._watched.TryRemove(key, out _);
        }

        /// <inheritdoc/>
        public void Release() => Signal.Dispose();
    }
}
