using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Journal;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Journal;
using AkkaAio.Persistence.Log;
using AkkaAio.Persistence.Reading;
using AkkaAio.Persistence.Store;
using AkkaAio.Persistence.Telemetry;

namespace AkkaAio.Persistence;

/// <summary>
/// The journal of <c>akka.persistence.journal.aio</c>. Each request has one reply, whatever happens. What was acknowledged is on stable
/// storage, and in every later replay once; the events of one Persist or PersistAll all or none.
/// </summary>
/// <remarks>
/// It speaks the journal's protocol itself, without the tasks of AsyncWriteJournal, which cost half of the throughput.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "PostStop disposes them.")]
public sealed partial class AioJournal : WriteJournalBase, ILogHost<JournalAppend>, IWithTimers
{
    private readonly Queue<object> _requests = new(); // wait for the log, in their order
    private readonly List<SerializedEvent> _events = []; // of the AtomicWrite in hand
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly Config _config;
    private readonly AioStore _store;
    private readonly EventEncoder _encoder;
    private readonly bool _adapts; // without a binding Akka would copy each event for nothing
    private readonly bool _publishes;
    private readonly LogKeeper<JournalAppend> _keeper;
    private Task<LogFiles>? _opening;
    private LogFiles? _files;
    private ReplayFilterSettings? _filter;
    private OpenSegments? _segments;
    private Replays? _replays;
    private JournalMeter? _meter;
    private JournalVisitor? _recovering;
    private JournalIndex _index = new();

    /// <summary>
    /// Made by Akka.Persistence, with the section of the journal. What is wrong in it, each request is answered with: this throws nothing,
    /// or actors would wait for their recovery's time-out.
    /// </summary>
    public AioJournal(Config config)
    {
        _config = config;
        _store = AioStores.Get(_system).Of(config, Self.Path.Name);
        _encoder = new EventEncoder(_system);
        _adapts = config.GetConfig("event-adapter-bindings") is { IsEmpty: false } bindings && bindings.AsEnumerable().Any();
        _keeper = new LogKeeper<JournalAppend>(Context, this, () => _opening = OpenStoreAsync());
        _publishes = Akka.Persistence.Persistence.Instance.Apply(_system).Settings.Internal.PublishPluginCommands;
    }

    ITimerScheduler IWithTimers.Timers { get; set; } = null!;

    private ITimerScheduler Timers => ((IWithTimers)this).Timers;

    /// <inheritdoc/>
    protected override void PreStart() => _keeper.Open();

    /// <inheritdoc/>
    protected override void PostStop()
    {
        // Tells what it has not made durable; replays that wait for it are requests again.
        var closing = _keeper.DisposeAsync().AsTask();
        var cause = new AioAbortedException("journal", _store.Name, "it was stopped");
        while (_requests.TryDequeue(out var request))
        {
            Refuse(request, cause);
        }

        _replays?.Dispose();
        _meter?.Dispose();
        _ = _store.CloseAsync(LogKind.Events, _opening, closing);
    }

    /// <inheritdoc/>
    protected override bool Receive(object message)
    {
        if (_keeper.Handle(message))
        {
            HandleRequests(); // whatever it was, there may be room now, or a failure to answer with
            Reclaim();
            return true;
        }

        switch (message)
        {
            case WriteMessages or ReplayMessages or DeleteMessagesTo:
                _requests.Enqueue(message);
                HandleRequests();
                return true;
            case CheckJournalHealth:
                Sender.Tell(new JournalHealthCheckResponse(Health()));
                return true;
            case FooterWritten written:
                OnFooterWritten(written);
                return true;
            case WriteFooterAgain again:
                OnWriteFooterAgain(again);
                return true;
            case ReclaimAgain again:
                OnReclaimAgain(again);
                return true;
            case Examined examined:
                OnExamined(examined);
                return true;
            case Removed removed:
                OnRemoved(removed);
                return true;
            default:
                return false;
        }
    }

    private async Task<LogFiles> OpenStoreAsync()
    {
        _filter = ReplayFilterSettings.Of(_config.GetConfig("replay-filter"), $"{Self.Path.Name}.replay-filter");
        return await _store.OpenAsync(LogKind.Events).ConfigureAwait(false);
    }

    ILogVisitor ILogHost<JournalAppend>.BeginRecovery(LogFiles files)
    {
        if (_files is null)
        {
            _files = files;
            _segments = new OpenSegments(files);
            _replays = new Replays(_store.Settings, _filter!, _segments, _system, _log, _adapts ? AdaptFromJournal : null);
            _meter = new JournalMeter(
                _system, "events", _replays.Batches, () => _keeper.Writer?.PendingBytes ?? 0, () => _index.Ids.Count);
        }

        _isReclaiming = false;
        _recovering = new JournalVisitor();
        _index = _recovering.Index;
        return _recovering;
    }

    void ILogHost<JournalAppend>.OnOpen(Batch<JournalAppend> fence)
    {
        _replays!.Clear();
        OpenSegmentsOf(_recovering!, fence.Segment!.Number);
        _recovering = null;
        _log.Info(
            "The journal in {Folder} is open: {Ids} persistence ids, next batch {Batch} in segment {Segment}", _files!.Folder.Path,
            _index.Ids.Count, fence.Number + 1, fence.Segment!.Number);
    }

    void ILogHost<JournalAppend>.OnClosed(Exception cause) => _log.Log(
        _store.Loudness(LogLevel.ErrorLevel), cause, "The journal in {Store} cannot be written to: each request fails until it can",
        _store.Name);

    void ILogHost<JournalAppend>.OnDurable(Batch<JournalAppend> batch)
    {
        BatchHeader.TryRead(batch.Bytes.Span, _files!.Settings.BlockBytes, out var header);
        _index.Add((int)batch.Segment!.Number, (int)(batch.Offset / _files.Settings.BlockBytes), header, batch.Bytes.Span);
        _meter!.Committed(Stopwatch.GetElapsedTime(batch.StartedAt), batch.Records, header.Length - header.Used);
        while (batch.TryTakeAppend(out var append))
        {
            Succeed(append);
        }
    }

    void ILogHost<JournalAppend>.OnFailed(Batch<JournalAppend> batch, Exception cause, AioOutcome outcome)
    {
        _meter!.Failed();
        while (batch.TryTakeAppend(out var append))
        {
            if (!append.IsBehind)
            {
                Forget(append);
                Refuse(append.Request, cause);
            }
            else if (_keeper.Writer is not { Failure: null } writer || !TryHandle(append.Request, writer))
            {
                _requests.Enqueue(append.Request); // answered when it is known what is in the log
            }
        }
    }

    // What was not written is not in the way of the next write. What was appended before it may still be under way.
    private void Forget(in JournalAppend append)
    {
        if (((append.Request as WritePart)?.Write ?? append.Request as WriteMessages) is { } write)
        {
            ref var state = ref _index.Ids.GetOrAdd(PersistenceIdHash.Of(write.Messages.OfType<AtomicWrite>().First().PersistenceId));
            state.Appended = Math.Max(state.Highest, Math.Min(state.Appended, append.From - 1));
        }
    }

    private void HandleRequests()
    {
        // One that is handled is still in the queue, and so it is answered if this actor fails meanwhile.
        while (_requests.TryPeek(out var request) &&
               (_keeper.IsOpen ? _keeper.Writer is { HasRoom: true } : _keeper.Failure is not null))
        {
            if (!_keeper.IsOpen)
            {
                Refuse(request, _keeper.Failure!);
            }
            else if (!TryHandle(request, _keeper.Writer!))
            {
                break;
            }

            _requests.Dequeue();
        }

        if (_keeper.IsOpen && _keeper.Writer is { } writer)
        {
            writer.Pump();
            _replays!.Gate.IsCommitting = !writer.IsIdle;
        }
    }

    // False: not yet.
    private bool TryHandle(object request, LogWriter<JournalAppend> writer)
    {
        try
        {
            switch (request)
            {
                case WriteMessages write:
                    Write(write, writer);
                    break;
                case DeleteMessagesTo delete when !writer.IsIdle && IsUnderWay(delete.PersistenceId):
                    return false; // what it deletes is known when what was written before it is durable
                case DeleteMessagesTo delete:
                    Delete(delete, writer);
                    break;
                case ReplayMessages replay:
                    Replay(replay, writer);
                    break;
            }
        }
        catch (AioPersistenceIdException e)
        {
            Refuse(request, e);
        }

        return true;
    }

    private void Replay(ReplayMessages replay, LogWriter<JournalAppend> writer)
    {
        _ = PersistenceIdHash.Of(replay.PersistenceId); // throws now, and not when a batch is durable

        // Behind what is being written: an actor that restarts must see what it has written.
        if (!writer.TryAddBehindNewest(new JournalAppend(replay, IsBehind: true)))
        {
            Start(replay);
        }
    }

    private void Succeed(in JournalAppend append)
    {
        switch (append.Request)
        {
            case WriteMessages write:
                WriteReplies.Succeed(write, append.Rejections);
                break;
            case DeleteMessagesTo delete:
                Succeed(delete);
                break;
            case ReplayMessages replay:
                Start(replay);
                break;
            case RemoveSegment remove:
                Remove(remove.Segment);
                break;
        }
    }

    private void Refuse(object request, Exception cause)
    {
        switch (request)
        {
            case WriteMessages write:
                WriteReplies.Fail(write, cause);
                break;
            case DeleteMessagesTo delete:
                delete.PersistentActor.Tell(new DeleteMessagesFailure(cause, delete.ToSequenceNr), ActorRefs.NoSender);
                break;
            case ReplayMessages replay:
                replay.PersistentActor.Tell(new ReplayMessagesFailure(cause), ActorRefs.NoSender);
                break;
            case RemoveSegment when _keeper.Writer is { Failure: null }:
                ReclaimLater();
                break;
        }
    }

    private PersistenceHealthCheckResult Health() =>
        StoreHealth.Of("journal", _store.Name, _keeper.IsOpen, _keeper.Failure, _keeper.SegmentFailure);

    private void Start(ReplayMessages replay)
    {
        _meter!.Replayed();
        _ = _replays!.RunAsync(replay, _index.Plan(replay.PersistenceId, replay.FromSequenceNr, replay.ToSequenceNr));
        Publish(replay);
    }

    private void Publish(object request)
    {
        if (_publishes)
        {
            _system.EventStream.Publish(request);
        }
    }
}
