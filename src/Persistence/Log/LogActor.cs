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
    private readonly Queue<(AioLog.Append Append, IActorRef Requester)> _waiting = new();
    private readonly List<IActorRef> _readers = []; // wait for the end of the log
    private readonly CancellationTokenSource _closed = new();
    private LogKeeper<Pending>? _log;
    private AioFile? _lock;
    private LogSegments _segments = new();
    private bool _isOpen;
    private bool _isStopping;

    public LogActor(string folder, AioLogSettings settings, TaskCompletionSource<LogReader> opened) =>
        (_folder, _settings, _opened) = (folder, settings, opened);

    protected override void PreStart()
    {
        var aio = AioExt.Get(Context.System);
        StoreFile.OpenAsync(aio, _folder)
            .PipeTo(Self, success: store => new Store(store.Id, store.Lock), failure: cause => new NoStore(cause));
    }

    protected override void PostStop()
    {
        _ = CloseAsync(_log?.DisposeAsync().AsTask() ?? Task.CompletedTask, _lock);
        _opened.TrySetException(new AioLogAppendException(_folder, AioOutcome.NotPerformed, "it was closed"));
        foreach (var (append, requester) in _waiting)
        {
            requester.Tell(
                new AioLog.AppendFailed(append, new AioLogAppendException(_folder, AioOutcome.NotPerformed, "the log was closed")));
        }

        _closed.Cancel(); // what comes now, nobody answers
    }

    // The lock behind the writes under way: a second log would write at their place.
    private static async Task CloseAsync(Task files, AioFile? locked)
    {
        await files.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (locked is not null)
        {
            await locked.DisposeAsync().ConfigureAwait(false);
        }
    }

    protected override void OnReceive(object message)
    {
        if (_log?.Handle(message) == true)
        {
            return;
        }

        switch (message)
        {
            case AioLog.Append append:
                _waiting.Enqueue((append, Sender));
                AppendWaiting();
                break;
            case GetSegments when _isOpen:
                Sender.Tell(_segments.Copy());
                break;
            case GetSegments:
                _readers.Add(Sender);
                break;
            case Store store:
                _lock = store.Lock;
                var files = LogFiles.Of(
                    AioExt.Get(Context.System), new LogFolder(AioExt.Get(Context.System).Names, _folder), LogKind.Events, store.Id,
                    store.Lock.PhysicalBlockSize, _settings);
                _log = new LogKeeper<Pending>(Context, this, files);
                _log.Open();
                break;
            case NoStore none:
                _opened.TrySetException(none.Cause);
                break;
            case Stop:
                _isStopping = true;
                StopWhenIdle();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    ILogVisitor ILogHost<Pending>.BeginRecovery()
    {
        _isOpen = false;
        return _segments = new LogSegments();
    }

    void ILogHost<Pending>.OnOpen(Batch<Pending> fence)
    {
        _isOpen = true;
        OnBatch(fence);
        _opened.TrySetResult(
            new LogReader(Self, AioExt.Get(Context.System), new LogFolder(AioExt.Get(Context.System).Names, _folder), _settings.Shard,
                _closed.Token));
        foreach (var reader in _readers)
        {
            reader.Tell(_segments.Copy());
        }

        _readers.Clear();
        AppendWaiting();
    }

    // The first time the opener is told, and stops this actor. Later it is tried again, and appends fail meanwhile.
    void ILogHost<Pending>.OnClosed(Exception cause)
    {
        _isOpen = false;
        _opened.TrySetException(cause);
        AppendWaiting();
    }

    void ILogHost<Pending>.OnDurable(Batch<Pending> batch)
    {
        OnBatch(batch);
        foreach (var (append, requester, first) in batch.Appends)
        {
            requester.Tell(new AioLog.Appended(append, first));
        }

        AppendWaiting();
    }

    void ILogHost<Pending>.OnFailed(Batch<Pending> batch, Exception cause, AioOutcome outcome)
    {
        foreach (var (append, requester, _) in batch.Appends)
        {
            Fail(append, requester, outcome, cause.Message, cause);
        }
    }

    void ILogHost<Pending>.OnSealed(Segment segment, uint lastCrc) => _ = segment.File.DisposeAsync().AsTask();

    private void OnBatch(Batch<Pending> batch)
    {
        _segments.Add(batch.Segment!.Number, batch.FirstOrdering);
        _segments.End = batch.Offset + batch.Length;
    }

    private void AppendWaiting()
    {
        if (_log?.Writer is not { } writer)
        {
            while (_log?.Failure is { } cause && _waiting.TryDequeue(out var refused))
            {
                Fail(refused.Append, refused.Requester, AioOutcome.NotPerformed,
                    "the log cannot be written to since " + cause.Message, cause);
            }

            return;
        }

        while (writer.HasRoom && _waiting.TryDequeue(out var next))
        {
            Append(writer, next.Append, next.Requester);
        }

        writer.Pump();
        StopWhenIdle();
    }

    private void Append(LogWriter<Pending> writer, AioLog.Append append, IActorRef requester)
    {
        var bytes = 0L;
        foreach (var record in append.Records)
        {
            bytes += RecordView.HeaderSize + record.Length;
        }

        if (append.Records.Count == 0 || bytes > _settings.MaxAppend)
        {
            var reason = append.Records.Count == 0 ? "it has no records" : $"it has {bytes} bytes, and max-append is {_settings.MaxAppend}";
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

    private void StopWhenIdle()
    {
        if (_isStopping && _waiting.Count == 0 && _log?.Writer is not { IsIdle: false })
        {
            Context.Stop(Self);
        }
    }

    /// <summary>What is remembered of an append until it is durable.</summary>
    internal readonly record struct Pending(AioLog.Append Append, IActorRef Requester, long First);

    /// <summary>Ends the actor when all appends have been answered.</summary>
    internal sealed record Stop
    {
        public static readonly Stop Instance = new();
    }

    /// <summary>Answered with <see cref="LogSegments"/>, when the log is open.</summary>
    internal sealed record GetSegments
    {
        public static readonly GetSegments Instance = new();
    }

    private sealed record Store(Guid Id, AioFile Lock);

    private sealed record NoStore(Exception Cause);
}
