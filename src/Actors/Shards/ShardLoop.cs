using System.Diagnostics;
using Akka.Event;
using AkkaAio.Files;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// What a shard does, in one direction: accept a command, stage its operation, submit the batch, reap what is done, answer. It survives
/// restarts of the actor. One thread at a time: the shard's own, or, while that one is stuck inside io_submit, a visitor
/// (<see cref="StuckShard"/>).
/// </summary>
/// <remarks>
/// <code>
/// command ──► Accept ──► Stage ──► SubmitQueue ──► kernel ──► Reap ──► Settlement ──► Replies
///               │  no free slot ▲
///               └──► FairQueue ─┘
/// </code>
/// Account first, call out afterwards: whatever is decided in a turn is in the lists before the first requester is told.
/// </remarks>
internal sealed class ShardLoop
{
    // Under a burst the mailbox never seems to end: after this many messages what is done is reaped, so that a full queue does not idle the
    // device.
    private const int MessagesBetweenTurns = 64;

    // Of operations that are over: a burst comes back soon.
    private const int MostSpare = 4096;

    // The most completions of one reap. Then requesters that share the thread run, and submit new work before the device runs out of it.
    // Random reads at depth 128, IOPS relative to fio: all at once 0.96, 32 at a time 0.99, 16 at a time 1.01; but with 16 two shards on a
    // RAM disk lost a third.
    private const int MostReaped = 32;

    private readonly AioExt _aio;
    private readonly ShardCounters _counters;
    private readonly ILoggingAdapter _log;
    private readonly IoCompletion[] _completions;
    private readonly Stack<Operation> _spare = new();
    private int _messages;
    private int _holder;

    public ShardLoop(AioExt aio, Shard shard)
    {
        _aio = aio;
        Shard = shard;
        _counters = shard.Counters;
        _log = aio.Log;
        _completions = new IoCompletion[Math.Min(aio.Settings.Reap.Nr, aio.Depth)];
        Slots = new SlotTable(aio.Depth);
        Replies = new ReplyList(shard, _log);
        Settlement = new Settlement(aio, this);
        Admission = new Admission(aio, this);
        Barriers = new FileBarriers(aio, this);
        Syncs = new FileSyncs(aio, this);
        Growth = new FileGrowth(aio, this);
        Stuck = new StuckShard(aio, this);
        End = new ShardEnd(aio, this);
    }

    public Shard Shard { get; }

    /// <summary>All that is under way.</summary>
    public AcceptedList Accepted { get; } = new();

    public SlotTable Slots { get; }

    public Admission Admission { get; }

    public ReplyList Replies { get; }

    public Settlement Settlement { get; }

    public FileBarriers Barriers { get; }

    public FileSyncs Syncs { get; }

    public FileGrowth Growth { get; }

    public StuckShard Stuck { get; }

    public ShardEnd End { get; }

    /// <summary>The system is ending: new commands are refused, and the last answer is reported.</summary>
    public bool Draining { get; set; }

    /// <summary>Why there is no context; null: there is one.</summary>
    public Exception? Unavailable { get; set; }

    /// <summary>The batch; null without a context.</summary>
    public SubmitQueue? Submits { get; set; }

    /// <summary>What is accepted waits for the shard's thread.</summary>
    public bool HasWaiting => Admission.Queue.Count > 0 || Syncs.HasWanted;

    /// <summary>This thread has the shard from now on, until another takes it. Only debug builds look.</summary>
    [Conditional("DEBUG")]
    public void Hold() => _holder = Environment.CurrentManagedThreadId;

    /// <summary>This thread has the shard.</summary>
    [Conditional("DEBUG")]
    public void AssertHeld() =>
        System.Diagnostics.Debug.Assert(
            _holder == Environment.CurrentManagedThreadId, $"shard {Shard.Index} is touched by a thread that does not have it");

    /// <summary>
    /// Behind those that wait; and while the shard's thread is stuck with operations of one device, past them on another.
    /// </summary>
    public bool MayStage(AioFile file) => Shard.Gate.IsVisited ? !Submits!.IsStagedFor(file.Device) : Admission.Queue.Count == 0;

    /// <summary>After a message: submits when the batch is due or no message waits; and tells the replies.</summary>
    public void AfterMessage(bool moreWait)
    {
        if (!moreWait || Submits is { IsDue: true })
        {
            Turn();
        }
        else if (++_messages >= MessagesBetweenTurns)
        {
            _ = TryReap(0, TimeSpan.Zero);
            Turn();
        }
        else
        {
            Replies.TellAll();
        }
    }

    /// <summary>Stages what waits, submits it, reaps what was done by then, and lets barriers pass, as far as it goes now.</summary>
    public void Turn()
    {
        AssertHeld();
        if (Shard.Gate.IsAbandoned)
        {
            return; // everything is answered
        }

        _messages = 0;

        // Whatever moves an operation on counts as progress: it may have been done at once, with no completion to follow.
        bool progress;
        do
        {
            Replies.TellAll(); // an operation is answered before its place is given to another
            StageWaiting();
            progress = Submit();
            progress |= Barriers.Pass();
        }
        while (progress);

        Admission.TellRoom();
        Replies.TellAll();
        if (Draining && Accepted.IsEmpty)
        {
            Shard.TellDrained(_aio.Manager);
        }
    }

    /// <summary>Reaps once and answers what came; then, where something waits for that, a turn. False: nothing came.</summary>
    public bool ReapAndAnswer(int minNr, TimeSpan timeout)
    {
        Hold();
        if (!TryReap(minNr, timeout))
        {
            return false;
        }

        AfterReap();
        return true;
    }

    /// <summary>Another thread says that completions are there.</summary>
    public void ReapAll()
    {
        while (TryReap(0, TimeSpan.Zero))
        {
            Replies.TellAll();
        }
    }

    /// <summary>Takes completions out once and settles them.</summary>
    /// <param name="minNr">How many to wait for.</param>
    /// <param name="timeout">How long.</param>
    /// <returns>False: nothing came.</returns>
    /// <exception cref="AioSystemException">The reap failed, and nothing has been taken out.</exception>
    public bool TryReap(int minNr, TimeSpan timeout)
    {
        AssertHeld();
        if (Shard.Context is not { Count: > 0 } context)
        {
            return false;
        }

        var most = Math.Min(Math.Max(minNr, MostReaped), _completions.Length);
        var count = context.Queue.Reap(_completions.AsSpan(0, most), Math.Min(minNr, most), timeout);
        if (count == 0)
        {
            return false;
        }

        var reaped = Stopwatch.GetTimestamp();
        context.Count -= count;
        _counters.Reaps++;
        _counters.Reaped += count;
        Submits?.Resume();
        for (var i = 0; i < count; i++)
        {
            Complete(_completions[i], reaped);
        }

        Replies.Reaped(count, reaped);
        return true;
    }

    // Completions have come without a message: a turn, where something waits for them.
    private void AfterReap()
    {
        // Whatever waits for a completion is in here.
        if (HasWaiting || Draining || Barriers.HasWaitingLanes || Admission.HasRoomWaiters || Submits is { IsEmpty: false })
        {
            Turn();
        }
        else
        {
            Replies.TellAll();
        }
    }

    /// <summary>Prepares an operation in a slot, and stages it.</summary>
    public void Stage(Operation operation)
    {
        Slots.Take(operation);
        if (OperationMemory.Prepare(operation, _aio.Pool) is { } cause)
        {
            Refuse(operation, cause);
        }
        else if (_aio.Submits(operation.File) && !operation.ExtendsByWriting && !Shard.Gate.IsVisited)
        {
            Submits!.Add(operation);
        }
        else if (!Settlement.IsAnsweredFromCache(operation))
        {
            Settlement.RunBlocking(operation);
        }
    }

    /// <summary>It fails, and the kernel has never had it.</summary>
    public void Refuse(Operation operation, Exception cause)
    {
        Settlement.Fail(operation, cause, AioOutcome.NotPerformed);
        Finish(operation);
    }

    /// <summary>It is answered, and neither the kernel nor a blocking thread has it.</summary>
    public void Finish(Operation operation)
    {
        var (lane, mayLeaveTail) = (operation.Lane, operation is { IsStarted: true, MayLeaveTail: true });
        LetGo(operation);
        if (mayLeaveTail)
        {
            Growth.OnWriteCameToNothing(lane);
        }

        operation.Clear();
        if (_spare.Count < MostSpare)
        {
            _spare.Push(operation);
        }
    }

    /// <summary>It is not under way any more. Where another has its memory still, it is not used again.</summary>
    public void LetGo(Operation operation)
    {
        AssertHeld();
        Slots.GiveBack(operation);
        if (operation.IsStarted)
        {
            operation.IsStarted = false; // once
            operation.Lane.End(operation.IsWrite, operation.Epoch);
        }

        Accepted.Remove(operation);
    }

    /// <summary>An operation that is not in any list.</summary>
    public Operation NewOperation(FileLane lane)
    {
        var operation = _spare.TryPop(out var spare) ? spare : new Operation();
        operation.Lane = lane;
        return operation;
    }

    private void Complete(IoCompletion completion, long reaped)
    {
        var operation = Slots[completion.Slot];
        Shard.Telemetry.Completed(reaped - operation.SubmittedAt);
        Settlement.Settle(operation, completion.Result);
    }

    private void StageWaiting()
    {
        if (Submits is not { } submits)
        {
            return;
        }

        if (!Shard.Gate.MaySubmit)
        {
            Stuck.StageForOtherDevices();
            return;
        }

        submits.StageReady();
        Syncs.Stage(submits);
        var now = 0L;
        var queue = Admission.Queue;
        while (!submits.IsFull && queue.Count > 0 && Slots.HasFree)
        {
            var operation = queue.TryDequeue()!;
            operation.Place = Place.InHand;
            _counters.Queued = queue.Count;
            now = now == 0 ? Stopwatch.GetTimestamp() : now;
            Shard.Telemetry.Dequeued(now - operation.QueuedAt);
            Stage(operation);
        }
    }

    // Then reaps once: a RAM disk has done it all. Where something waits for a completion, also without a submit.
    private bool Submit()
    {
        if (Submits is not { } submits)
        {
            return false;
        }

        var submitted = submits.Submit();
        if (Shard.Gate.IsAbandoned)
        {
            return false;
        }

        foreach (var (operation, error) in submits.Refused)
        {
            OnRefused(operation, error);
        }

        submitted |= submits.Refused.Count > 0;
        submits.Refused.Clear();
        var reaped = (submitted || submits.IsFlowControlled || (Admission.Queue.Count > 0 && !Slots.HasFree)) &&
                     TryReap(0, TimeSpan.Zero);
        if (submitted)
        {
            submits.Reaped();
        }

        return submitted || reaped;
    }

    private void OnRefused(Operation operation, Errno error)
    {
        if (operation.Opcode == IoOpcode.DataSync)
        {
            Syncs.OnEnd(operation, error);
            return;
        }

        Settlement.Fail(operation, error, operation.OutcomeBeforeSubmit);
        Finish(operation);
    }
}
