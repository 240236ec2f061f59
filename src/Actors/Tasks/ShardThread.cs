using System.Collections.Concurrent;
using Akka.Dispatch;
using Akka.Event;
using AkkaAio.Dispatch;

namespace AkkaAio.Tasks;

/// <summary>
/// A shard's thread as a place for code that awaits: what is awaited there goes on there, until the shard ends. Then, and whatever of
/// it is still waiting, on the thread pool.
/// </summary>
/// <remarks>
/// <code>
/// reply ──► Queue ──► the dispatcher of the shard ──► Run: all that had been queued by then, one after the other
///             │ the shard has ended
///             └──────► the thread pool
/// </code>
/// The queue is this object's and not the dispatcher's, so that it can be emptied where the shard's thread never comes back, being stuck
/// inside io_submit: each piece of work is taken out once, by whoever takes it.
/// </remarks>
internal sealed class ShardThread(MessageDispatcher dispatcher, ILoggingAdapter log) : SynchronizationContext, IRunnable
{
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _work = new();

    // 1: Run is going to be called, or is under way. So there is one at a time, on dispatchers of many threads too.
    private int _isScheduled;
    private int _hasEnded;

    // Of the dispatcher, once it is known, which allocates for each thing that it is asked to schedule. Null with one of another type.
    private ThreadExecutor? _executor;

    /// <summary>Any thread: the shard has ended.</summary>
    public void End()
    {
        Interlocked.Exchange(ref _hasEnded, 1);
        GiveToPool();
    }

    /// <summary>Any thread: the work is done on the shard's thread, after what it is doing now.</summary>
    public void Queue(IThreadPoolWorkItem work)
    {
        _work.Enqueue(work);
        Interlocked.MemoryBarrier(); // Dekker's handshake with End: each writes its own, then reads the other's
        if (Volatile.Read(ref _hasEnded) != 0)
        {
            GiveToPool();
        }
        else
        {
            Schedule();
        }
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state) => Queue(new Posted(d, state));

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state)
    {
        if (Current == this)
        {
            d(state);
            return;
        }

        var done = new Task(() => d(state));
        Post(static task => ((Task)task!).RunSynchronously(TaskScheduler.Default), done);
        done.GetAwaiter().GetResult();
    }

    /// <summary>Itself: what is awaited goes on here by being in this very object's hands.</summary>
    public override SynchronizationContext CreateCopy() => this;

    /// <inheritdoc/>
    public void Run()
    {
        _executor ??= ThreadExecutor.Current;
        var before = Current;
        for (var left = _work.Count; left > 0 && _work.TryDequeue(out var work); left--)
        {
            SetSynchronizationContext(this); // each time: what was before may have set another
            try
            {
                work.Execute();
            }
            catch (Exception e) // of async void, or of a callback: the thread is the shard's
            {
                log.Error(e, "a continuation on a shard's thread has thrown");
            }
        }

        SetSynchronizationContext(before);
        Interlocked.Exchange(ref _isScheduled, 0);
        if (!_work.IsEmpty)
        {
            Schedule();
        }
    }

    /// <inheritdoc/>
    public void Execute() => Run();

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _isScheduled, 1) != 0)
        {
            return;
        }

        if (_executor is { } executor)
        {
            executor.Execute(this);
        }
        else
        {
            dispatcher.Schedule(this);
        }
    }

    private void GiveToPool()
    {
        while (_work.TryDequeue(out var work))
        {
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
        }
    }

    private sealed class Posted(SendOrPostCallback callback, object? state) : IThreadPoolWorkItem
    {
        public void Execute() => callback(state);
    }
}
