using Akka.Actor;
using Akka.Dispatch.MessageQueues;
using AkkaAio.Dispatch;
using AkkaAio.Interop.Engines;
using AkkaAio.Routing;
using AkkaAio.Shards.Reaping;
using AkkaAio.Telemetry;

namespace AkkaAio.Shards;

/// <summary>
/// A shard as any thread sees it: the ref that commands are routed to, the gate of its io_submit, the figures. What its thread alone may
/// touch is <see cref="ShardLoop"/>'s. It survives restarts of the actor.
/// </summary>
internal sealed class Shard
{
    private readonly int _index;
    private IIoContext? _firstContext;
    private ShardActor? _actor;
    private ShardContext? _context;
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

    /// <summary>What its thread owns. Set before the actor is made.</summary>
    public ShardLoop Loop { get; set; } = null!;

    /// <summary>The context of the present incarnation; null between two. Changed by the shard's thread.</summary>
    public ShardContext? Context
    {
        get => Volatile.Read(ref _context);
        set => Volatile.Write(ref _context, value);
    }

    /// <summary>How completions of the present context are come by.</summary>
    public IReaping? Reaping { get; set; }

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
        if (LostMessages.Delivered == delivered && AkkaInternals.IsGone(Ref))
        {
            Lost.Missed(message, sender);
        }

        Interlocked.MemoryBarrier(); // SubmitGate.Enter's other half: each side writes its own, then reads the other's
        if (Gate.IsInside)
        {
            Visits.Want();
        }
    }

    /// <summary>Tells the actor something after a pause.</summary>
    public void TellAfter(TimeSpan pause, object message, IScheduler scheduler) => scheduler.ScheduleTellOnce(pause, Ref, message, Ref);

    /// <summary>Nothing is under way any more.</summary>
    public void TellDrained(IActorRef manager) => manager.Tell(new Drained(_index), Ref);

    /// <summary>The present incarnation of the actor.</summary>
    public ShardActor Actor
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

    /// <summary>How long the oldest operation in flight has been there; zero without any.</summary>
    public TimeSpan OldestInFlight => LatencyHistogram.AgeOf(Loop?.Slots.OldestInFlightSince) ?? TimeSpan.Zero;

    /// <summary>The figures, asked for by any thread; while the extension is being made too, before there is a loop.</summary>
    public Aio.ShardStats ToStats()
    {
        var counters = Counters;
        return new Aio.ShardStats
        {
            Shard = _index,
            Depth = Context?.Depth ?? 0,
            InFlight = Math.Max(0, Context?.Count ?? 0),
            OldestInFlight = OldestInFlight,
            Queued = Volatile.Read(ref counters.Queued),
            Reads = counters.OfShard.Reads + counters.OfCallers.Reads,
            ReadBytes = counters.OfShard.ReadBytes + counters.OfCallers.ReadBytes,
            Writes = counters.OfShard.Writes,
            WrittenBytes = counters.OfShard.WrittenBytes,
            DataSyncs = counters.OfShard.DataSyncs,
            Errors = counters.OfShard.Errors,
            ErrorsByErrno = counters.OfShard.ErrorsByKind
                .GroupBy(error => error.Errno).ToDictionary(errors => errors.Key, errors => errors.Sum(error => error.Count)),
            Overloads = Volatile.Read(ref counters.Overloads),
            Submits = Volatile.Read(ref counters.Submits),
            Submitted = Volatile.Read(ref counters.Submitted),
            FlowControlled = Volatile.Read(ref counters.FlowControlled),
            SlowSubmits = Volatile.Read(ref counters.SlowSubmits),
            QueueLatency = counters.QueueLatency.ToLatency(),
            SubmitLatency = counters.SubmitLatency.ToLatency(),
            DeviceLatency = counters.DeviceLatency.ToLatency(),
            DeliveryLatency = counters.DeliveryLatency.ToLatency(),
            CacheHits = Volatile.Read(ref counters.CacheHits) + counters.OfCallers.Reads,
            CacheMisses = Volatile.Read(ref counters.CacheMisses) + counters.OfCallers.Misses,
            Reaps = Volatile.Read(ref counters.Reaps),
            Reaped = Volatile.Read(ref counters.Reaped),
            Restarts = Volatile.Read(ref counters.Restarts),
            SinceRestart = LatencyHistogram.AgeOf(Volatile.Read(ref counters.RestartedAt) is > 0 and var at ? at : null),
            Unavailable = Loop?.Unavailable?.Message,
        };
    }
}
