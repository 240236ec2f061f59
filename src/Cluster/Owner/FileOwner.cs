using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Event;
using AkkaAio.Cluster.Disks;
using AkkaAio.Cluster.Names;

namespace AkkaAio.Cluster.Owner;

/// <summary>
/// The one writer of a file: a sharded entity, whose id is the file's address.
/// <code>
/// no file ──► loading ──► open ──► closing ──► no file, or ended
/// </code>
/// Reads go at once, many at a time. Changes are begun in the order in which they come, run together, and are answered in that order: what
/// is acknowledged has nothing missing before it. What needs the file for itself (Truncate, Delete, Flush behind streams) waits until
/// nothing is under way, and holds up what comes behind it.
/// </summary>
internal sealed partial class FileOwner : UntypedActor
{
    // Requests that wait while the file is being opened, or behind one that needs it for itself.
    private const int MostWaiting = 4096;

    // How long an owner of a name that has no file lives: otherwise names that are asked for and do not exist would fill the memory.
    // Long enough for a client to come back with the epoch that makes the file.
    private static readonly TimeSpan NoFileLives = TimeSpan.FromSeconds(5);

    private readonly AioClusterExt _cluster;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly FileAddress _address;
    private readonly Disk _disk;
    private readonly Queue<(Wire.Request Request, IActorRef Requester)> _waiting = new();
    private readonly LinkedList<Change> _changes = [];
    private readonly Dictionary<Guid, ClientChanges> _clients = [];
    private OpenedFile? _open;
    private OpenFiles.Entry? _place;
    private long _end;
    private ulong _epoch; // of the last open
    private ulong _makeEpoch; // what makes the file, if it is not there; 0: none was told
    private readonly HashSet<Change> _reads = []; // that wait for the disk; and appends that are compared with what is there
    private Change? _exclusive;
    private (Wire.Request Request, IActorRef Requester)? _loading;
    private int _streams;
    private int _writeStreams;
    private bool _isBusy;
    private bool _isBroken;
    private bool _reopens; // for a new epoch: the file is closed, and opened again by what waits
    private bool _stops;
    private bool _makesRoom;

    public FileOwner(AioClusterExt cluster, FileAddress address, Disk disk)
    {
        (_cluster, _address, _disk) = (cluster, address, disk);
        Context.SetReceiveTimeout(NoFileLives);
    }

    private AioClusterSettings Settings => _cluster.Settings;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Wire.Request request:
                OnRequest(request, Sender);
                break;
            case Performed performed:
                OnPerformed(performed);
                break;
            case ReadDone done:
                _reads.Remove(done.Read);
                done.Read.Answer(done.Reply);
                GoOn();
                break;
            case Loaded loaded:
                OnLoaded(loaded);
                break;
            case ExclusiveDone done:
                OnExclusiveDone(done);
                break;
            case StreamEnded ended:
                OnStreamEnded(ended);
                break;
            case FileClosed:
                OnClosed();
                break;
            case ReceiveTimeout:
                var isAsked = _makesRoom;
                _makesRoom = true;
                GoOn();
                _makesRoom &= isAsked; // one that is busy is in use
                break;
            case MakeRoom:
                _makesRoom = true; // when it is next quiet: nobody else is asked in its place
                GoOn();
                break;
            case LeaseLost lost:
                _log.Error("{Path} is closed: {Reason}", _address, lost.Reason);
                (_stops, _isBroken) = (true, true);
                GoOn();
                break;
            case StopOwner:
                _stops = true;
                GoOn();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop()
    {
        // At an orderly end there is nothing left. Otherwise sharding has killed it after the hand-off time-out, or it restarts:
        // what is under way goes on, and Close waits for it.
        if (_open is { } open)
        {
            _ = open.File.DisposeAsync().AsTask();
        }

        foreach (var change in _exclusive is { } exclusive ? _changes.Append(exclusive) : _changes)
        {
            change.Answer(Replies.Failure(Wire.FailureKind.FailureMoving, $"{_address}: its owner has ended", mayHaveHappened: true));
        }

        while (_waiting.TryDequeue(out var waiting))
        {
            AnswerMoving(waiting.Request, waiting.Requester);
        }

        foreach (var read in _reads)
        {
            read.Answer(MovingReply());
        }

        if (_loading is { } loading)
        {
            loading.Requester.Tell(Replies.Failure(
                Wire.FailureKind.FailureMoving, $"{_address}: its owner has ended",
                mayHaveHappened: loading.Request.Open is { Create: true }));
        }

        _place?.Dispose();
    }

    // Before the first append that is under way: what lies behind may not be there yet.
    private long SettledEnd => _changes.FirstOrDefault(change => change.AppendedAt is not null)?.AppendedAt ?? _end;

    private bool IsQuiet => _changes.Count == 0 && _reads.Count == 0 && !_isBusy && _waiting.Count == 0;

    private void OnRequest(Wire.Request request, IActorRef requester)
    {
        if (WhatIsUnknown(request) is { } unknown)
        {
            requester.Tell(Replies.Unsupported(unknown));
        }
        else if (_stops)
        {
            AnswerMoving(request, requester);
        }
        else if (_isBusy || _waiting.Count > 0 || _isBroken || _reopens)
        {
            Wait(request, requester);
        }
        else
        {
            Handle(request, requester);
        }
    }

    // Before the file is opened, or made.
    private static string? WhatIsUnknown(Wire.Request request) => request switch
    {
        { OperationCase: Wire.Request.OperationOneofCase.None } => Replies.UnknownOperation,
        { Open.Kind: not (Wire.Kind.Any or Wire.Kind.Plain or Wire.Kind.Log) and var kind } => $"files of kind {(int)kind}",
        _ => null,
    };

    private void Wait(Wire.Request request, IActorRef requester)
    {
        if (_waiting.Count < MostWaiting)
        {
            _waiting.Enqueue((request, requester));
        }
        else
        {
            requester.Tell(Replies.Failure(
                Wire.FailureKind.FailureOverloaded, $"{_address}: {MostWaiting} requests wait for its owner",
                mayHaveHappened: FindChange(request) is not null || _waiting.Any(other => IsSameChange(other.Request, request))));
        }
    }

    private void Handle(Wire.Request request, IActorRef requester)
    {
        if (_open is not { } open)
        {
            Load(request, requester);
            return;
        }

        _place?.Touch();
        switch (request.OperationCase)
        {
            case Wire.Request.OperationOneofCase.Open:
                OnOpen(request.Open, open, requester);
                break;
            case Wire.Request.OperationOneofCase.ReadAt:
                OnRead(request.ReadAt, open, requester);
                break;
            case Wire.Request.OperationOneofCase.GetStat:
                requester.Tell(StatOf(open.Facts, SettledEnd, open.Epoch, isOpen: true));
                break;
            case Wire.Request.OperationOneofCase.OpenRead:
                OnOpenRead(request.OpenRead, open, requester);
                break;
            case Wire.Request.OperationOneofCase.WriteAt or Wire.Request.OperationOneofCase.AppendAt
                or Wire.Request.OperationOneofCase.Truncate or Wire.Request.OperationOneofCase.Flush
                or Wire.Request.OperationOneofCase.Delete or Wire.Request.OperationOneofCase.OpenWrite:
                if (IsCurrent(request, open, requester))
                {
                    OnChange(request, open, requester);
                }

                break;
            default:
                requester.Tell(Replies.Unsupported(request.OperationCase.ToString()));
                break;
        }
    }

    private void OnOpen(Wire.OpenFile request, OpenedFile open, IActorRef requester) => requester.Tell(
        request.Create && request.Exclusive && !WasMadeBy(request, open.Facts)
            ? Replies.Failure(Wire.FailureKind.FailureExists, $"{_address} exists", errno: Errno.EEXIST)
        : request.Kind != Wire.Kind.Any && request.Kind != open.Facts.Kind
            ? Replies.Failure(
                Wire.FailureKind.FailureWrongKind, $"{_address} is a {NameOf(open.Facts.Kind)} file, and not a {NameOf(request.Kind)} file")
            : Replies.Opened(open, _end, Settings.ClientCredit));

    private void OnRead(Wire.ReadAt request, OpenedFile open, IActorRef requester)
    {
        if (request.Offset < 0 || request.Length < 0 || request.Length > Settings.MaxTransfer ||
            request.Offset > long.MaxValue - request.Length)
        {
            requester.Tell(Replies.Failure(
                Wire.FailureKind.FailureBadArgument,
                $"{_address}: a read of {request.Length} bytes at {request.Offset}; it is 0 to {Settings.MaxTransfer} bytes at 0 or more"));
            return;
        }

        var read = new Change(0, 0, requester);
        _reads.Add(read);
        _ = RunAsync(Self);

        async Task RunAsync(IActorRef self)
        {
            Wire.Reply reply;
            try
            {
                var bytes = new byte[request.Length];
                reply = Replies.Data(bytes, await open.File.ReadAsync(bytes, request.Offset).ConfigureAwait(false));
            }
            catch (Exception e)
            {
                reply = Replies.Failure(e, mayHaveHappened: false);
            }

            self.Tell(new ReadDone(read, reply), ActorRefs.NoSender);
        }
    }

    private static bool IsCurrent(Wire.Request request, OpenedFile open, IActorRef requester)
    {
        if (request.Epoch == open.Epoch && request.FileId.Span.SequenceEqual(open.Facts.Id.ToByteArray(bigEndian: true)))
        {
            return true;
        }

        requester.Tell(Replies.Moved(open));
        return false;
    }

    // Behind every message that ends something: closes, ends, or takes up what waits.
    private void GoOn()
    {
        if (_isBusy || _reads.Count > 0 || _changes.Count > 0)
        {
            return;
        }

        if (_isBroken || _reopens || _stops)
        {
            if (_streams == 0 && _open is not null)
            {
                Close();
            }
            else if (_open is null && _stops)
            {
                Context.Stop(Self);
            }
            else if (_open is null)
            {
                (_isBroken, _reopens) = (false, false);
            }
            else
            {
                StopStreams();
            }
        }

        while (!_isBusy && !_isBroken && !_reopens && !_stops && _waiting.TryPeek(out var next) &&
            (IsAlone || !NeedsFileAlone(next.Request)))
        {
            var (request, requester) = _waiting.Dequeue();
            Handle(request, requester);
        }

        if (_makesRoom && !_stops && IsQuiet && _streams == 0)
        {
            _makesRoom = false;
            Context.Parent.Tell(new Passivate(StopOwner.Instance));
        }
    }

    private static bool NeedsFileAlone(Wire.Request request) => request.OperationCase
        is Wire.Request.OperationOneofCase.Truncate or Wire.Request.OperationOneofCase.Flush or Wire.Request.OperationOneofCase.Delete;

    // A request is not performed, unless it was told before: then it is answered as that one is.
    private void AnswerMoving(Wire.Request request, IActorRef requester)
    {
        if (FindChange(request) is { } known)
        {
            known.AlsoFor(requester);
        }
        else
        {
            requester.Tell(MovingReply());
        }
    }

    private Wire.Reply MovingReply() => Replies.Failure(Wire.FailureKind.FailureMoving, $"{_address}: its owner is going away");

    private static Wire.Reply StatOf(FileFacts facts, long length, ulong epoch, bool isOpen) => new()
    {
        Stat = new Wire.Stat
        {
            Length = length,
            Kind = facts.Kind,
            FileId = Replies.BytesOf(facts.Id),
            Epoch = epoch,
            IsOpen = isOpen,
        },
    };

    private static string NameOf(Wire.Kind kind) => kind == Wire.Kind.Log ? "log" : "plain";

    private sealed record ReadDone(Change Read, Wire.Reply Reply) : INoSerializationVerificationNeeded;

    private sealed record FileClosed : INoSerializationVerificationNeeded;
}
