using Akka.Actor;
using Akka.Dispatch.MessageQueues;
using AkkaAio.Files;
using AkkaAio.Interop.Engines;
using AkkaAio.Routing;
using AkkaAio.Telemetry;

namespace AkkaAio.Shards;

/// <summary>
/// What is of a shard and not of one incarnation of its actor: the ref that commands are routed to, the lanes with barriers, the
/// figures.
/// </summary>
internal sealed class Shard
{
    private readonly int _index;
    private IIoContext? _firstContext;
    private ContextActor? _actor;
    private bool _hasEnded;

    public Shard(int index, TimeSpan stuckAfter)
    {
        _index = index;
        Visits = new StuckVisits(this, stuckAfter);
    }

    public int Index => _index;

    /// <summary>The context actor; it never stops before the system does, so that no file ever changes its shard.</summary>
    public IActorRef Ref { get; set; } = ActorRefs.Nobody;

    /// <summary>The Sender of its replies: users cannot stop it by this.</summary>
    public IActorRef Sender { get; set; } = ActorRefs.Nobody;

    public ShardCounters Counters { get; } = new();

    /// <summary>Set before the first command.</summary>
    public ShardTelemetry Telemetry { get; set; } = null!;

    /// <summary>Failures so far, across incarnations.</summary>
    public RestartBackoff Backoff { get; } = new();

    /// <summary>The system is ending: new commands are refused, the last answer is reported. The shard's thread alone.</summary>
    public bool Draining { get; set; }

    /// <summary>Lanes on this shard where barriers or commands wait. The shard's thread alone.</summary>
    public HashSet<FileLane> LanesWaiting { get; } = [];

    /// <summary>Barriers of files whose home is here and that have no reply yet. The shard's thread alone.</summary>
    public HashSet<FileBarrier> OpenBarriers { get; } = [];

    /// <summary>Files whose flushes wait for an fdatasync to be submitted. The shard's thread alone.</summary>
    public Queue<AioFile> WantedDataSyncs { get; } = new();

    /// <summary>Slots whose operation a blocking thread is doing, of any incarnation. The shard's thread alone.</summary>
    public HashSet<Slot> Blocking { get; } = [];

    /// <summary>Requesters that wait for room in the queue. The shard's thread alone.</summary>
    public List<(Aio.AwaitRoom Command, IActorRef Requester)> RoomWaiters { get; } = [];

    /// <summary>Commands that wait in lanes: behind barriers, or for a longer file. The shard's thread alone.</summary>
    public int HeldCommands { get; set; }

    /// <summary>The context of the present incarnation; null between two.</summary>
    public InFlight? InFlight { get; set; }

    /// <summary>Set before the first command: answers what is told to the actor after its end.</summary>
    public LostMessages Lost { get; set; } = null!;

    /// <summary>Messages that wait for the actor.</summary>
    public IMessageQueue Messages { get; set; } = null!;

    /// <summary>
    /// Any thread: tells the actor. Where its thread is inside io_submit, which may be stuck, another is to look whether it is.
    /// </summary>
    public void Tell(object message, IActorRef? sender)
    {
        var delivered = LostMessages.Delivered;
        Ref.Tell(message, sender);
        if (LostMessages.Delivered == delivered && LostMessages.IsGone(Ref))
        {
            Lost.Missed(message, sender);
        }

        if (Gate.IsInside)
        {
            Visits.Want();
        }
    }

    /// <summary>The present incarnation of the actor.</summary>
    public ContextActor Actor
    {
        get => Volatile.Read(ref _actor!);
        set => Volatile.Write(ref _actor, value);
    }

    /// <summary>Whether its thread is inside io_submit.</summary>
    public SubmitGate Gate { get; } = new();

    /// <summary>Look whether it is stuck there.</summary>
    public StuckVisits Visits { get; }

    /// <summary>The actor has stopped for good, with everything answered.</summary>
    public bool HasEnded
    {
        get => Volatile.Read(ref _hasEnded);
        set => Volatile.Write(ref _hasEnded, value);
    }

    /// <summary>The context that was opened before the actor, so that a refusal fails the start.</summary>
    public void GiveFirstContext(IIoContext context) => _firstContext = context;

    /// <summary>Takes the context opened at the start; null from the second incarnation on.</summary>
    public IIoContext? TakeFirstContext() => Interlocked.Exchange(ref _firstContext, null);

    public Aio.ShardStats ToStats()
    {
        var counters = Counters;
        return new Aio.ShardStats
        {
            Shard = _index,
            Depth = InFlight?.Depth ?? 0,
            InFlight = Math.Max(0, InFlight?.Count ?? 0),
            Queued = Volatile.Read(ref counters.Queued),
            Reads = counters.OfReaper.Reads + counters.OfShard.Reads + counters.OfCallers.Reads,
            ReadBytes = counters.OfReaper.ReadBytes + counters.OfShard.ReadBytes + counters.OfCallers.ReadBytes,
            Writes = counters.OfReaper.Writes + counters.OfShard.Writes,
            WrittenBytes = counters.OfReaper.WrittenBytes + counters.OfShard.WrittenBytes,
            DataSyncs = counters.OfReaper.DataSyncs + counters.OfShard.DataSyncs,
            Errors = counters.OfReaper.Errors + counters.OfShard.Errors,
            ErrorsByErrno = counters.OfReaper.ErrorsByKind.Concat(counters.OfShard.ErrorsByKind)
                .GroupBy(error => error.Errno).ToDictionary(errors => errors.Key, errors => errors.Sum(error => error.Count)),
            Overloads = Volatile.Read(ref counters.Overloads),
            Submits = Volatile.Read(ref counters.Submits),
            Submitted = Volatile.Read(ref counters.Submitted),
            FlowControlled = Volatile.Read(ref counters.FlowControlled),
            SlowestSubmit = new TimeSpan(Volatile.Read(ref counters.SlowestSubmitTicks)),
            SlowSubmits = Volatile.Read(ref counters.SlowSubmits),
            QueueLatency = counters.QueueLatency.ToLatency(),
            SubmitLatency = counters.SubmitLatency.ToLatency(),
            DeviceLatency = counters.DeviceLatency.ToLatency(),
            DeliveryLatency = counters.DeliveryLatency.ToLatency(),
            CacheHits = Volatile.Read(ref counters.CacheHits) + counters.OfCallers.Reads,
            CacheMisses = Volatile.Read(ref counters.CacheMisses) + counters.OfCallers.Misses,
            NoWaitFlagged = Volatile.Read(ref counters.NoWaitFlagged),
            NoWaitFellBack = Volatile.Read(ref counters.NoWaitFellBack),
            Reaps = Volatile.Read(ref counters.Reaps),
            Reaped = Volatile.Read(ref counters.Reaped),
            Restarts = Volatile.Read(ref counters.Restarts),
        };
    }
}
