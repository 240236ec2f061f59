using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Log;
using AkkaAio.Persistence.Store;
using AkkaAio.Persistence.Telemetry;

namespace AkkaAio.Persistence.Snapshots;

/// <summary>The log of a snapshot store: appends in the order in which it was told, and knows where each snapshot is.</summary>
[SuppressMessage("Design", "CA1001", Justification = "PostStop disposes it.")]
internal sealed class SnapshotLog(AioStore store) : UntypedActor, ILogHost<(SnapshotLog.Request Request, IActorRef Requester)>, IWithTimers
{
    private static readonly TimeSpan OpenAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Queue<(Request Request, IActorRef Requester)> _waiting = new();
    private readonly Dictionary<string, int> _saving = []; // saves of each id that are not durable
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Task<LogFiles>? _opening;
    private LogFiles? _files;
    private LogKeeper<(Request Request, IActorRef Requester)>? _keeper;
    private SnapshotReads? _reads;
    private SnapshotIndex _index = new();
    private bool _isOpen;
    private bool _isRemoving;
    private Exception? _failure;

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Open();

    protected override void PostStop()
    {
        var closing = _keeper?.DisposeAsync().AsTask() ?? Task.CompletedTask;
        var cause = new AioAbortedException("snapshot store", store.Settings.Folder, "it was stopped");
        while (_waiting.TryDequeue(out var waiting))
        {
            waiting.Requester.Tell(new Status.Failure(cause));
        }

        _reads?.Dispose();
        _ = store.CloseAsync(LogKind.Snapshots, _opening, closing);
    }

    protected override void OnReceive(object message)
    {
        if (_keeper?.Handle(message) == true)
        {
            return;
        }

        switch (message)
        {
            case Request request:
                _waiting.Enqueue((request, Sender));
                HandleWaiting();
                break;
            case GetHealth:
                Sender.Tell(Health());
                break;
            case Opened opened:
                _files = opened.Files;
                _reads = new SnapshotReads(_files, store.Settings);
                _keeper = new LogKeeper<(Request, IActorRef)>(Context, this, _files);
                _keeper.Open();
                break;
            case NotOpened not:
                Close(not.Cause);
                if (!store.IsEnding)
                {
                    Timers.StartSingleTimer(OpenAgain.Instance, OpenAgain.Instance, OpenAgainAfter);
                }

                break;
            case OpenAgain:
                Open();
                break;
            case Removed removed:
                OnRemoved(removed);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    ILogVisitor ILogHost<(Request Request, IActorRef Requester)>.BeginRecovery()
    {
        _isOpen = false;
        _isRemoving = false;
        _saving.Clear();
        _reads!.Clear();
        return _index = new SnapshotIndex();
    }

    void ILogHost<(Request Request, IActorRef Requester)>.OnOpen(Batch<(Request Request, IActorRef Requester)> fence)
    {
        _isOpen = true;
        _failure = null;
        HandleWaiting();
    }

    void ILogHost<(Request Request, IActorRef Requester)>.OnClosed(Exception cause) => Close(cause);

    void ILogHost<(Request Request, IActorRef Requester)>.OnDurable(Batch<(Request Request, IActorRef Requester)> batch)
    {
        var block = _files!.Settings.BlockBytes;
        BatchHeader.TryRead(batch.Bytes.Span, block, out var header);
        _index.Visit(batch.Segment!.Number, (int)(batch.Offset / block), header, batch.Bytes.Span);
        foreach (var (request, requester) in batch.Appends)
        {
            NoLongerSaving(request);
            requester.Tell(request is Find find ? Places(find) : Akka.Done.Instance);
        }

        HandleWaiting();
        RemoveDead();
    }

    void ILogHost<(Request Request, IActorRef Requester)>.OnFailed(
        Batch<(Request Request, IActorRef Requester)> batch, Exception cause, AioOutcome outcome)
    {
        foreach (var (request, requester) in batch.Appends)
        {
            NoLongerSaving(request);
            requester.Tell(new Status.Failure(cause));
        }
    }

    void ILogHost<(Request Request, IActorRef Requester)>.OnSealed(Segment segment, uint lastCrc) =>
        _ = segment.File.DisposeAsync().AsTask();

    private void Open()
    {
        _opening = store.OpenAsync(LogKind.Snapshots);
        _opening.PipeTo(Self, success: files => new Opened(files), failure: cause => new NotOpened(cause));
    }

    private void Close(Exception cause)
    {
        _isOpen = false;
        _failure = cause;
        _log.Log(store.Loudness(LogLevel.ErrorLevel), cause, "The snapshots in {Folder} cannot be written to; it is tried again",
            store.Settings.Folder);
        HandleWaiting();
    }

    private void HandleWaiting()
    {
        while (_waiting.Count > 0 && (_isOpen ? _keeper!.Writer is { HasRoom: true } : _failure is not null))
        {
            if (_isOpen && _waiting.Peek().Request is Delete delete && _saving.ContainsKey(delete.PersistenceId))
            {
                break; // what it deletes is known when what was saved before it is durable
            }

            var waiting = _waiting.Dequeue();
            if (_isOpen)
            {
                Handle(waiting, _keeper!.Writer!);
            }
            else
            {
                waiting.Requester.Tell(new Status.Failure(_failure!));
            }
        }

        _keeper?.Writer?.Pump();
    }

    private void Handle((Request Request, IActorRef Requester) next, LogWriter<(Request, IActorRef)> writer)
    {
        if (next.Request is Find find)
        {
            // Behind what was told before it.
            if (!writer.TryAddBehindNewest(next))
            {
                next.Requester.Tell(Places(find));
            }
        }
        else if (next.Request is Save save)
        {
            Append(save, next.Requester, writer);
        }
        else
        {
            DeleteAll((Delete)next.Request, next.Requester, writer);
        }
    }

    private void DeleteAll(Delete delete, IActorRef requester, LogWriter<(Request, IActorRef)> writer)
    {
        var batch = default(Batch<(Request, IActorRef)>);
        foreach (var place in _index.Find(delete.PersistenceId, delete.Criteria))
        {
            var tombstone = new RecordFields
            {
                Type = RecordType.Tombstone,
                SequenceNr = place.SequenceNr,
                Ticks = place.Ticks,
                PersistenceId = delete.PersistenceId,
            };
            batch = writer.Reserve(tombstone.Size, makesRoom: true);
            batch.Add(tombstone);
        }

        if (batch is null)
        {
            requester.Tell(Akka.Done.Instance);
        }
        else
        {
            batch.Appends.Add((delete, requester));
        }
    }

    private void Append(Save save, IActorRef requester, LogWriter<(Request, IActorRef)> writer)
    {
        var record = save.ToRecord();
        try
        {
            var batch = writer.Reserve(record.Size);
            batch.Add(record);
            batch.Appends.Add((save, requester));
            CollectionsMarshal.GetValueRefOrAddDefault(_saving, save.PersistenceId, out _)++;
        }
        catch (Exception e) when (e is ArgumentException)
        {
            requester.Tell(new Status.Failure(e));
        }
    }

    private void NoLongerSaving(Request request)
    {
        if (request is Save && --CollectionsMarshal.GetValueRefOrAddDefault(_saving, request.PersistenceId, out _) <= 0)
        {
            _saving.Remove(request.PersistenceId);
        }
    }

    private SnapshotPlaces Places(Find find) => new(_index.Find(find.PersistenceId, find.Criteria), _reads!);

    private PersistenceHealthCheckResult Health() =>
        StoreHealth.Of("snapshot store", store.Settings.Folder, _isOpen, _failure, _keeper?.SegmentFailure);

    private void RemoveDead()
    {
        if (_isRemoving || !_isOpen || _index.Dead is not (> 0 and var segment))
        {
            return;
        }

        _isRemoving = true;
        var index = _index;
        index.Removed(segment);
        _reads!.Forget(segment);
        RemoveAsync(_files!, segment).PipeTo(
            Self, success: () => new Removed(index, segment, null), failure: cause => new Removed(index, segment, cause));
    }

    private static async Task RemoveAsync(LogFiles files, long segment)
    {
        try
        {
            await files.Aio.DeleteAsync(files.Folder.PathOf(segment)).ConfigureAwait(false);
        }
        catch (AioSystemException e) when (e.Errno == Errno.ENOENT)
        {
            await files.Aio.SyncFolderAsync(files.Folder.Path).ConfigureAwait(false); // an earlier try did it, and failed behind that
        }
    }

    // One that cannot be removed is tried again behind the next durable batch, and no younger one goes before it: a log without a segment
    // in the middle is damaged.
    private void OnRemoved(Removed removed)
    {
        if (removed.Index != _index)
        {
            return; // recovered meanwhile
        }

        _isRemoving = false;
        if (removed.Cause is null)
        {
            RemoveDead();
            return;
        }

        _index.Restore(removed.Segment);
        _log.Log(
            store.Loudness(LogLevel.WarningLevel), removed.Cause,
            "Segment {Segment} of the snapshots, which nothing needs, cannot be removed", removed.Segment);
    }

    /// <summary>What the store asks its log for.</summary>
    internal abstract record Request(string PersistenceId);

    /// <summary>Answered with Done when the snapshot is durable.</summary>
    internal sealed record Save(string PersistenceId, long SequenceNr, long Ticks, int Serializer, string Manifest, byte[] Payload)
        : Request(PersistenceId)
    {
        public RecordFields ToRecord() => new()
        {
            Type = RecordType.Snapshot,
            SequenceNr = SequenceNr,
            Ticks = Ticks,
            Serializer = Serializer,
            PersistenceId = PersistenceId,
            Manifest = Manifest,
            Payload = Payload,
        };
    }

    /// <summary>Deletes what matches. Answered with Done when that is durable.</summary>
    internal sealed record Delete(string PersistenceId, SnapshotSelectionCriteria Criteria) : Request(PersistenceId);

    /// <summary>Answered with <see cref="SnapshotPlaces"/>.</summary>
    internal sealed record Find(string PersistenceId, SnapshotSelectionCriteria Criteria) : Request(PersistenceId);

    /// <summary>Answered with a health check's result.</summary>
    internal sealed record GetHealth
    {
        public static readonly GetHealth Instance = new();
    }

    private sealed record Opened(LogFiles Files);

    private sealed record NotOpened(Exception Cause);

    private sealed record Removed(SnapshotIndex Index, long Segment, Exception? Cause);

    private sealed record OpenAgain
    {
        public static readonly OpenAgain Instance = new();
    }
}

/// <summary>Snapshots that match, newest first, and how to read them.</summary>
internal sealed record SnapshotPlaces(List<SnapshotPlace> Places, SnapshotReads Reads);
