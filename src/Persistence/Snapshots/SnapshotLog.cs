using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Log;
using AkkaAio.Persistence.Store;
using AkkaAio.Persistence.Telemetry;

namespace AkkaAio.Persistence.Snapshots;

/// <summary>The log of a snapshot store: appends in the order in which it was told, and knows where each snapshot is.</summary>
[SuppressMessage("Design", "CA1001", Justification = "PostStop disposes it.")]
internal sealed class SnapshotLog : UntypedActor, ILogHost<(SnapshotLog.Request Request, IActorRef Requester)>, IWithTimers
{
    private static readonly TimeSpan RemoveAgainAfter = TimeSpan.FromSeconds(1); // not behind each batch: it would be said each time

    private readonly Queue<(Request Request, IActorRef Requester)> _waiting = new();
    private readonly Dictionary<string, int> _saving = []; // saves of each id that are not durable
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly AioStore _store;
    private readonly LogKeeper<(Request Request, IActorRef Requester)> _keeper;
    private Task<LogFiles>? _opening;
    private LogFiles? _files;
    private SnapshotReads? _reads;
    private SnapshotIndex _index = new();
    private bool _isRemoving;

    public SnapshotLog(AioStore store)
    {
        _store = store;
        _keeper = new LogKeeper<(Request, IActorRef)>(Context, this, () => _opening = store.OpenAsync(LogKind.Snapshots));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => _keeper.Open();

    protected override void PostStop()
    {
        var closing = _keeper.DisposeAsync().AsTask();
        var cause = new AioAbortedException("snapshot store", _store.Name, "it was stopped");
        while (_waiting.TryDequeue(out var waiting))
        {
            waiting.Requester.Tell(new Status.Failure(cause));
        }

        _reads?.Dispose();
        _ = _store.CloseAsync(LogKind.Snapshots, _opening, closing);
    }

    protected override void OnReceive(object message)
    {
        if (_keeper.Handle(message))
        {
            HandleWaiting(); // whatever it was, there may be room now, or a failure to answer with
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
            case Removed removed:
                OnRemoved(removed);
                break;
            case RemoveAgain again when again.Index == _index:
                _isRemoving = false;
                RemoveDead();
                break;
            case RemoveAgain:
                break; // recovered meanwhile
            default:
                Unhandled(message);
                break;
        }
    }

    ILogVisitor ILogHost<(Request Request, IActorRef Requester)>.BeginRecovery(LogFiles files)
    {
        _files = files;
        _reads ??= new SnapshotReads(files, _store.Settings);
        _isRemoving = false;
        _saving.Clear();
        return _index = new SnapshotIndex();
    }

    void ILogHost<(Request Request, IActorRef Requester)>.OnOpen(Batch<(Request Request, IActorRef Requester)> fence) =>
        _reads!.Clear();

    void ILogHost<(Request Request, IActorRef Requester)>.OnClosed(Exception cause) => _log.Log(
        _store.Loudness(LogLevel.ErrorLevel), cause, "The snapshots in {Store} cannot be written to: each request fails until they can",
        _store.Name);

    void ILogHost<(Request Request, IActorRef Requester)>.OnDurable(Batch<(Request Request, IActorRef Requester)> batch)
    {
        var block = _files!.Settings.BlockBytes;
        BatchHeader.TryRead(batch.Bytes.Span, block, out var header);
        _index.Visit(batch.Segment!.Number, (int)(batch.Offset / block), header, batch.Bytes.Span);
        while (batch.TryTakeAppend(out var append))
        {
            if (append.Request is GiveBack give)
            {
                Remove(give.Segment);
                continue;
            }

            NoLongerSaving(append.Request);
            append.Requester.Tell(append.Request is Find find ? Places(find) : Akka.Done.Instance);
        }

        RemoveDead();
    }

    void ILogHost<(Request Request, IActorRef Requester)>.OnFailed(
        Batch<(Request Request, IActorRef Requester)> batch, Exception cause, AioOutcome outcome)
    {
        while (batch.TryTakeAppend(out var append))
        {
            if (append.Request is not Find)
            {
                _isRemoving &= append.Request is not GiveBack;
                NoLongerSaving(append.Request);
                append.Requester.Tell(new Status.Failure(cause));
            }
            else if (_keeper.Writer is { Failure: null } writer)
            {
                Handle(append, writer); // what was not written is nothing to wait for
            }
            else
            {
                _waiting.Enqueue(append); // answered when it is known what is in the log
            }
        }
    }

    void ILogHost<(Request Request, IActorRef Requester)>.OnSealed(Segment segment, uint lastCrc) =>
        _ = segment.File.DisposeAsync().AsTask();

    private void HandleWaiting()
    {
        // One that is handled is still in the queue, and so it is answered if this actor fails meanwhile.
        while (_waiting.TryPeek(out var waiting) &&
               (_keeper.IsOpen ? _keeper.Writer is { HasRoom: true } : _keeper.Failure is not null))
        {
            if (!_keeper.IsOpen)
            {
                waiting.Requester.Tell(new Status.Failure(_keeper.Failure!));
            }
            else if (waiting.Request is Delete delete && _saving.ContainsKey(delete.PersistenceId))
            {
                break; // what it deletes is known when what was saved before it is durable
            }
            else
            {
                Handle(waiting, _keeper.Writer!);
            }

            _waiting.Dequeue();
        }

        _keeper.Writer?.Pump();
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
        long bytes;
        try
        {
            bytes = record.Size;
        }
        catch (ArgumentException e)
        {
            requester.Tell(new Status.Failure(e));
            return;
        }

        var batch = writer.Reserve(bytes);
        batch.Add(record);
        batch.Appends.Add((save, requester));
        CollectionsMarshal.GetValueRefOrAddDefault(_saving, save.PersistenceId, out _)++;
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
        StoreHealth.Of("snapshot store", _store.Name, _keeper.IsOpen, _keeper.Failure, _keeper.SegmentFailure);

    // A start refuses a log that misses a segment, unless it says that this one was given back.
    private void RemoveDead()
    {
        if (_isRemoving || !_keeper.IsOpen || _keeper.Writer is not { HasRoom: true } writer || _index.Dead is not (> 0 and var segment))
        {
            return;
        }

        _isRemoving = true;
        var given = RecordFields.StateOf(PersistenceIdHash.OfLog, segment, segment);
        var batch = writer.Reserve(given.Size, makesRoom: true);
        batch.Add(given);
        batch.Appends.Add((new GiveBack(segment), ActorRefs.Nobody));
        writer.Oldest = segment + 1;
        writer.Pump();
    }

    private void Remove(long segment)
    {
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

    // One that cannot be removed is tried again, and no younger one goes before it: a log without a segment in the middle is damaged.
    private void OnRemoved(Removed removed)
    {
        if (removed.Index != _index)
        {
            return; // recovered meanwhile
        }

        if (removed.Cause is null)
        {
            _isRemoving = false;
            RemoveDead();
            return;
        }

        _index.Restore(removed.Segment);
        Timers.StartSingleTimer(nameof(RemoveDead), new RemoveAgain(_index), RemoveAgainAfter);
        _log.Log(
            _store.Loudness(LogLevel.WarningLevel), removed.Cause,
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

    /// <summary>Of its own: nothing of a segment is needed.</summary>
    private sealed record GiveBack(long Segment) : Request("");

    /// <summary>Answered with <see cref="SnapshotPlaces"/>.</summary>
    internal sealed record Find(string PersistenceId, SnapshotSelectionCriteria Criteria) : Request(PersistenceId);

    /// <summary>Answered with a health check's result.</summary>
    internal sealed record GetHealth
    {
        public static readonly GetHealth Instance = new();
    }

    private sealed record RemoveAgain(SnapshotIndex Index);

    private sealed record Removed(SnapshotIndex Index, long Segment, Exception? Cause);
}

/// <summary>Snapshots that match, newest first, and how to read them.</summary>
internal sealed record SnapshotPlaces(List<SnapshotPlace> Places, SnapshotReads Reads);
