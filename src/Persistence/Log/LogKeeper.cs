using System.Diagnostics;
using Akka.Actor;
using Akka.Event;

namespace AkkaAio.Persistence.Log;

/// <summary>
/// The life of a log inside the actor that owns it: recovery, a fence, writing, and after a failed write the same again. The actor hands
/// each of its messages to <see cref="Handle"/> first.
/// </summary>
internal sealed class LogKeeper<TAppend> : ILogOwner<TAppend>, IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FullFor = TimeSpan.FromSeconds(1);

    private readonly IActorContext _context;
    private readonly ILogHost<TAppend> _host;
    private readonly LogFiles _files;
    private readonly AioBufferPool _pool;
    private readonly SegmentSupply _supply;
    private TimeSpan _retry = FirstRetry;
    private (long Since, Exception Cause)? _full;
    private Batch<TAppend>? _fence; // the first batch of this writer
    private bool _isOpen; // its fence is durable
    private Task<LogPosition>? _recovery; // under way
    private int _life; // replies of an earlier writer's supply do not count

    public LogKeeper(IActorContext context, ILogHost<TAppend> host, LogFiles files)
    {
        (_context, _host, _files) = (context, host, files);
        _pool = new AioBufferPool(files.Settings.PoolBytes);
        _supply = new SegmentSupply(files);
    }

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
        _recovery = new LogRecovery(_files, _host.BeginRecovery()).RunAsync();
        _recovery.PipeTo(
            _context.Self, success: position => new Recovered(position), failure: cause => new RecoveryFailed(cause));
    }

    /// <summary>The actor stops: what is not durable is told to its host. A write under way goes on; its reply finds nobody.</summary>
    /// <returns>When that write has ended, and nothing of the log is written any more.</returns>
    public ValueTask DisposeAsync()
    {
        _life++;
        var closing = _recovery is { } recovery ? CloseAsync(recovery) : Task.CompletedTask;
        if (Writer is { } writer)
        {
            Writer = null;
            writer.Abandon(new AioAbortedException("append", _files.Folder.Path, "the log was closed"));
            closing = writer.CloseAsync();
        }

        _pool.Dispose();
        return new ValueTask(Task.WhenAll(closing, _supply.DisposeAsync().AsTask()));
    }

    /// <returns>False: it is no message of the log's.</returns>
    public bool Handle(object message)
    {
        switch (message)
        {
            case Aio.Event { Token: Batch<TAppend> } reply:
                Writer!.OnReply(reply);
                return true;
            case Made made when made.Life == _life:
                Supplied(made);
                return true;
            case Made made:
                _ = made.File?.DisposeAsync().AsTask();
                return true;
            case Recovered recovered:
                Begin(recovered.Position);
                return true;
            case RecoveryFailed failed:
                Retry(failed.Cause);
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
            _host.OnDurable(batch);
            return;
        }

        _isOpen = true;
        Failure = null;
        _retry = FirstRetry;
        _host.OnOpen(batch);
    }

    void ILogOwner<TAppend>.OnFailed(Batch<TAppend> batch, Exception cause, AioOutcome outcome)
    {
        if (batch != _fence)
        {
            _host.OnFailed(batch, cause, outcome);
        }
        else if (Writer is { Failure: null })
        {
            ((ILogOwner<TAppend>)this).OnStopped(cause); // there was no segment for it
        }
    }

    void ILogOwner<TAppend>.OnSealed(Segment segment, uint lastCrc) => _host.OnSealed(segment, lastCrc);

    // What fails once is looked into at once, and requests wait for that. What fails on the way back is a failed disk.
    void ILogOwner<TAppend>.OnStopped(Exception cause)
    {
        _life++;
        _ = Writer!.CloseAsync();
        Writer = null;
        if (_isOpen && !_files.IsEnding)
        {
            _isOpen = false;
            _context.GetLogger().Warning(cause, "A write of the log {Folder} has failed; it is recovered", _files.Folder.Path);
            Open();
        }
        else
        {
            _isOpen = false;
            Retry(cause);
        }
    }

    // A disk that was full a moment ago is not asked again for each append.
    void ILogOwner<TAppend>.NeedSegment(long number, bool isUrgent)
    {
        if (_full is { } full && Stopwatch.GetElapsedTime(full.Since) < FullFor)
        {
            _context.Self.Tell(new Made(_life, number, null, full.Cause));
            return;
        }

        var life = _life;
        _supply.NextAsync(number, isUrgent).PipeTo(
            _context.Self, success: file => new Made(life, number, file, null), failure: cause => new Made(life, number, null, cause));
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
            if (!_files.IsEnding)
            {
                _context.GetLogger().Warning(
                    made.Cause, "The log {Folder} has no segment {Segment} to go on with", _files.Folder.Path, made.Number);
            }
        }

        Writer!.OnNoSegment(made.Cause!);
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
        Writer = new LogWriter<TAppend>(_files.Aio.Ref, _context.Self, this, _pool, _files.Settings, position);
        _fence = Writer.AddFence();
        Writer.Pump();
    }

    private void Retry(Exception cause)
    {
        Failure = cause;
        _host.OnClosed(cause);
        if (_files.IsEnding)
        {
            return;
        }

        _context.System.Scheduler.ScheduleTellOnce(_retry, _context.Self, OpenAgain.Instance, _context.Self);
        _retry = TimeSpan.FromTicks(Math.Min(2 * _retry.Ticks, LastRetry.Ticks));
    }

    private sealed record Recovered(LogPosition Position);

    private sealed record RecoveryFailed(Exception Cause);

    private sealed record Made(int Life, long Number, AioFile? File, Exception? Cause);

    private sealed record OpenAgain
    {
        public static readonly OpenAgain Instance = new();
    }
}
