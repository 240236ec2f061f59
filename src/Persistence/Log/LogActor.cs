using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>The actor of an <see cref="AioLog"/>.</summary>
[SuppressMessage("Design", "CA1001", Justification = "PostStop disposes it.")]
internal sealed class LogActor : UntypedActor, ILogHost<LogActor.Pending>
{
    private readonly string _folder;
    private readonly AioLogSettings _settings;
    private readonly TaskCompletionSource<LogReader> _opened;
    private readonly TaskCompletionSource _ended;
    private readonly Queue<(AioLog.Append Append, IActorRef Requester)> _waiting = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly AioExt _aio = AioExt.Get(Context.System);
    private readonly LogKeeper<Pending> _log;
    private Task<(Guid Id, AioFile Lock)>? _store;
    private LogSegments _segments = new(); // of the last time that it was open, and what became durable since
    private LogSegments _recovered = new();
    private bool _isStopping;
    private bool _hasEnded; // in its earlier life

    /// <param name="folder">Of the log.</param>
    /// <param name="settings">How to keep it.</param>
    /// <param name="opened">Completed when the log is open for the first time.</param>
    /// <param name="ended">Completed behind the end of this actor, when the folder's lock is free.</param>
    public LogActor(string folder, AioLogSettings settings, TaskCompletionSource<LogReader> opened, TaskCompletionSource ended)
    {
        (_folder, _settings, _opened, _ended) = (folder, settings, opened, ended);
        _log = new LogKeeper<Pending>(Context, this, OpenStoreAsync);
    }

    protected override void PreStart() => _log.Open();

    // What throws has ended the log: its readers and appenders know, and another one must be able to open the folder.
    protected override void PostRestart(Exception reason)
    {
        _hasEnded = true;
        Context.Stop(Self);
    }

    protected override void PostStop()
    {
        if (_hasEnded)
        {
            return;
        }

        _ = CloseAsync(_log.DisposeAsync().AsTask());
        _opened.TrySetException(new AioLogAppendException(_folder, AioOutcome.NotPerformed, "it was closed"));
        foreach (var (append, requester) in _waiting)
        {
            requester.Tell(
                new AioLog.AppendFailed(append, new AioLogAppendException(_folder, AioOutcome.NotPerformed, "the log was closed")));
        }

        _closed.Cancel(); // what comes now, nobody answers
    }

    // The lock behind the writes under way: a second log would write at their place.
    private async Task CloseAsync(Task files)
    {
        await files.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            if (_store is { } store)
            {
                await (await store.ConfigureAwait(false)).Lock.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private async Task<LogFiles> OpenStoreAsync()
    {
        _store = StoreFile.OpenAsync(_aio, _folder);
        var (id, locked) = await _store.ConfigureAwait(false);
        return LogFiles.Of(_aio, new LogFolder(_aio.Names, _folder), LogKind.Events, id, locked.PhysicalBlockSize, _settings);
    }

    protected override void OnReceive(object message)
    {
        if (!_log.Handle(message))
        {
            Handle(message);
        }

        AppendWaiting();
        if (_isStopping && _waiting.Count == 0 && _log.Writer is not { IsIdle: false })
        {
            Context.Stop(Self);
        }
    }

    private void Handle(object message)
    {
        switch (message)
        {
            case AioLog.Append append:
                _waiting.Enqueue((append, Sender));
                break;
            case GetSegments:
                Sender.Tell(_segments.Copy());
                break;
            case Stop:
                _isStopping = true;
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    ILogVisitor ILogHost<Pending>.BeginRecovery(LogFiles files) => _recovered = new LogSegments();

    void ILogHost<Pending>.OnOpen(Batch<Pending> fence)
    {
        _segments = _recovered;
        _segments.Add(fence);
        _opened.TrySetResult(new LogReader(Self, _aio, new LogFolder(_aio.Names, _folder), _settings.Shard, _closed.Token));
    }

    // The first time the opener is told, and stops this actor. Later it is tried again, and appends fail meanwhile.
    void ILogHost<Pending>.OnClosed(Exception cause) => _opened.TrySetException(cause);

    void ILogHost<Pending>.OnDurable(Batch<Pending> batch)
    {
        _segments.Add(batch);
        while (batch.TryTakeAppend(out var pending))
        {
            pending.Requester.Tell(new AioLog.Appended(pending.Append, pending.First));
        }
    }

    void ILogHost<Pending>.OnFailed(Batch<Pending> batch, Exception cause, AioOutcome outcome)
    {
        while (batch.TryTakeAppend(out var pending))
        {
            Fail(pending.Append, pending.Requester, outcome, cause.Message, cause);
        }
    }

    void ILogHost<Pending>.OnSealed(Segment segment, uint lastCrc) => _ = segment.File.DisposeAsync().AsTask();

    private void AppendWaiting()
    {
        if (_log.Writer is not { } writer)
        {
            while (_log.Failure is { } cause && _waiting.TryDequeue(out var refused))
            {
                Fail(refused.Append, refused.Requester, AioOutcome.NotPerformed,
                    "the log cannot be written to since " + cause.Message, cause);
            }

            return;
        }

        // One that is handled is still in the queue, and so it is answered if this actor fails meanwhile.
        while (writer.HasRoom && _waiting.TryPeek(out var next))
        {
            Append(writer, next.Append, next.Requester);
            _waiting.Dequeue();
        }

        writer.Pump();
    }

    private void Append(LogWriter<Pending> writer, AioLog.Append append, IActorRef requester)
    {
        var bytes = 0L;
        foreach (var record in append.Records)
        {
            bytes += RecordView.HeaderSize + record.Length;
        }

        if (bytes > _settings.MaxAppend)
        {
            var reason = $"it has {bytes} bytes, and max-append is {_settings.MaxAppend}";
            Fail(append, requester, AioOutcome.NotPerformed, reason, null);
            return;
        }

        var batch = writer.Reserve(bytes);
        var first = batch.NextOrdering;
        var now = DateTime.UtcNow.Ticks;
        foreach (var record in append.Records)
        {
            batch.Add(new RecordFields { Type = RecordType.Event, Ticks = now, Payload = record.Span });
        }

        batch.Appends.Add(new Pending(append, requester, first));
    }

    private void Fail(AioLog.Append append, IActorRef requester, AioOutcome outcome, string reason, Exception? cause) =>
        requester.Tell(new AioLog.AppendFailed(append, new AioLogAppendException(_folder, outcome, reason, cause)));

    /// <summary>What is remembered of an append until it is durable.</summary>
    internal readonly record struct Pending(AioLog.Append Append, IActorRef Requester, long First);

    /// <summary>Ends the actor when all appends have been answered.</summary>
    internal sealed record Stop
    {
        public static readonly Stop Instance = new();
    }

    /// <summary>Answered with <see cref="LogSegments"/>.</summary>
    internal sealed record GetSegments
    {
        public static readonly GetSegments Instance = new();
    }
}
