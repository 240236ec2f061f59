using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace AkkaAio.Persistence.Log;

/// <summary>
/// The life of a log inside the actor that owns it: its store, recovery, a fence, writing, and after a failed write again from the recovery
/// on. The actor hands each of its messages to <see cref="Handle"/> first.
/// </summary>
/// <param name="context">Of the actor.</param>
/// <param name="host">The actor.</param>
/// <param name="openStore">Called on the actor's thread, until it succeeds.</param>
internal sealed class LogKeeper<TAppend>(IActorContext context, ILogHost<TAppend> host, Func<Task<LogFiles>> openStore)
    : ILogOwner<TAppend>, IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LastRetryOfStore = TimeSpan.FromSeconds(1); // it may be locked, and another process waits for it

    private static readonly TimeSpan FullFor = TimeSpan.FromSeconds(1);

    private static int s_lives;

    private TimeSpan _retry = FirstRetry;
    private LogFiles? _files;
    private WriteBuffers? _buffers;
    private SegmentSupply? _supply;
    private (long Since, Exception Cause)? _full;
    private Batch<TAppend>? _fence; // the first batch of this writer
    private Task<LogPosition>? _recovery; // under way
    private int _life = Interlocked.Increment(ref s_lives); // messages of another one, as from before a restart, are ignored

    /// <summary>What a recovery found, and its fence, is durable; no write has failed since.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Takes appends; null while a recovery is under way, or has failed.</summary>
    public LogWriter<TAppend>? Writer { get; private set; }

    /// <summary>
    /// Why there was no segment to go on with, until there is one: a full disk, as a rule. What fits into the last one is written.
    /// </summary>
    public Exception? SegmentFailure => _full?.Cause;

    /// <summary>Why it is not open, until it is again.</summary>
    public Exception? Failure { get; private set; }

    public void Open()
    {
        var life = _life;
        if (_files is null)
        {
            openStore().PipeTo(context.Self, success: files => new Opened(life, files), failure: cause => new NotOpened(life, cause));
            return;
        }

        _recovery = new LogRecovery(_files, host.BeginRecovery(_files)).RunAsync();
        _recovery.PipeTo(
            context.Self, success: position => new Recovered(life, position), failure: cause => new NotOpened(life, cause));
    }

    /// <summary>The actor stops: what is not durable is told to its host. A write under way goes on; its reply finds nobody.</summary>
    /// <returns>When that write has ended, and nothing of the log is written any more.</returns>
    public ValueTask DisposeAsync()
    {
        var closing = _recovery is { } recovery ? CloseAsync(recovery) : Task.CompletedTask;
        if (Writer is { } writer)
        {
            Writer = null;
            writer.Abandon(new AioAbortedException("append", _files!.Folder.Path, "the log was closed"));
            closing = writer.CloseAsync();
        }

        _buffers?.Dispose();
        return new ValueTask(Task.WhenAll(closing, _supply?.DisposeAsync().AsTask() ?? Task.CompletedTask));
    }

    /// <returns>False: it is no message of the log's.</returns>
    public bool Handle(object message)
    {
        switch (message)
        {
            case Aio.Event { Token: Batch<TAppend> batch } reply:
                if (Writer?.IsWriting(batch) == true)
                {
                    Writer.OnReply(reply);
                }

                return true;
            case OfLife old when old.Life != _life:
                _ = (old as Made)?.File?.DisposeAsync().AsTask();
                return true;
            case Made made:
                Supplied(made);
                return true;
            case Opened opened:
                _files = opened.Files;
                _buffers = new WriteBuffers(_files.Settings);
                _supply = new SegmentSupply(_files);
                _retry = FirstRetry;
                Open();
                return true;
            case Recovered recovered:
                Begin(recovered.Position);
                return true;
            case NotOpened not:
                _recovery = null;
                Retry(not.Cause);
                return true;
            case OpenAgain:
                Open();
                return true;
            default:
                return false;
        }
    }

    void ILogOwner<TAppend>.OnDurable(Batch<TAppend> batch)
    {
        if (batch != _fence)
        {
            host.OnDurable(batch);
            return;
        }

        IsOpen = true;
        Failure = null;
        _retry = FirstRetry;
        host.OnOpen(batch);
    }

    void ILogOwner<TAppend>.OnFailed(Batch<TAppend> batch, Exception cause, AioOutcome outcome)
    {
        if (batch != _fence)
        {
            host.OnFailed(batch, cause, outcome);
        }
    }

    void ILogOwner<TAppend>.OnSealed(Segment segment, uint lastCrc) => host.OnSealed(segment, lastCrc);

    // What fails once is looked into at once, and requests wait for that. What fails on the way back is a failed disk.
    void ILogOwner<TAppend>.OnStopped(Exception cause)
    {
        _life = Interlocked.Increment(ref s_lives);
        _ = Writer!.CloseAsync();
        Writer = null;
        var wasOpen = IsOpen;
        IsOpen = false;
        if (wasOpen && !_files!.IsEnding)
        {
            context.GetLogger().Warning(cause, "A write of the log {Folder} has failed; it is recovered", _files.Folder.Path);
            Open();
        }
        else
        {
            Retry(cause);
        }
    }

    // A disk that was full a moment ago is not asked again for each append.
    void ILogOwner<TAppend>.NeedSegment(long number, bool isUrgent)
    {
        if (_full is { } full && Stopwatch.GetElapsedTime(full.Since) < FullFor)
        {
            context.Self.Tell(new Made(_life, number, null, full.Cause));
            return;
        }

        var life = _life;
        _supply!.NextAsync(number, isUrgent).PipeTo(
            context.Self, success: file => new Made(life, number, file, null), failure: cause => new Made(life, number, null, cause));
    }

    private void Supplied(Made made)
    {
        if (made.File is not null)
        {
            _full = null;
            Writer!.OnSegment(made.Number, made.File);
            return;
        }

        if (_full?.Cause != made.Cause)
        {
            _full = (Stopwatch.GetTimestamp(), made.Cause!);
            if (!_files!.IsEnding)
            {
                context.GetLogger().Warning(
                    made.Cause, "The log {Folder} has no segment {Segment} to go on with", _files.Folder.Path, made.Number);
            }
        }

        Writer!.OnNoSegment(made.Cause!);
        if (!IsOpen && Writer.IsIdle)
        {
            ((ILogOwner<TAppend>)this).OnStopped(made.Cause!); // the fence has failed, and so has all behind it
        }
    }

    private static async Task CloseAsync(Task<LogPosition> recovery)
    {
        if ((await recovery.ConfigureAwait(false)).Segment is { } segment)
        {
            await segment.File.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Begin(LogPosition position)
    {
        _recovery = null;
        Writer = new LogWriter<TAppend>(_files!.Aio.Ref, context.Self, this, _buffers!, _files.Settings, position);
        _fence = Writer.AddFence();
        Writer.Pump();
    }

    private void Retry(Exception cause)
    {
        Failure = cause;
        host.OnClosed(cause);
        if (cause is ConfigurationException || _files is { IsEnding: true })
        {
            return; // trying again would not help
        }

        context.System.Scheduler.ScheduleTellOnce(_retry, context.Self, new OpenAgain(_life), context.Self);
        _retry = TimeSpan.FromTicks(Math.Min(2 * _retry.Ticks, (_files is null ? LastRetryOfStore : LastRetry).Ticks));
    }

    private abstract record OfLife(int Life);

    private sealed record Opened(int Life, LogFiles Files) : OfLife(Life);

    private sealed record Recovered(int Life, LogPosition Position) : OfLife(Life);

    private sealed record NotOpened(int Life, Exception Cause) : OfLife(Life);

    private sealed record Made(int Life, long Number, AioFile? File, Exception? Cause) : OfLife(Life);

    private sealed record OpenAgain(int Life) : OfLife(Life);
}
