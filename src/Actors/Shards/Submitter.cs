using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// The next batch of a shard, and its way into the kernel: gathers slots that are prepared, gives them to io_submit, and accounts for every
/// one of them. One for each context. The shard's thread alone.
/// </summary>
/// <param name="aio">The settings.</param>
/// <param name="shard">Whose batch it is.</param>
/// <param name="inFlight">Where they go.</param>
/// <param name="fail">Takes back one that the kernel refuses for good.</param>
/// <param name="log">The shard's.</param>
internal sealed class Submitter(AioExt aio, Shard shard, InFlight inFlight, Action<Slot, Errno> fail, ILoggingAdapter log)
{
    // Within a call, before it counts as pressure: a signal handler can interrupt a submit once or twice, not for ever.
    private const int MaxInterrupts = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan SlowSubmitLogPause = TimeSpan.FromMinutes(1);

    private readonly ShardCounters _counters = shard.Counters;

    private readonly Slot[] _staged = new Slot[aio.Settings.SubmitBatchSize];
    private readonly IoRequest[] _requests = new IoRequest[aio.Settings.SubmitBatchSize];
    private int _stagedCount;
    private readonly BatchPolicy _batches = new(aio.Settings.SubmitBatchMin, aio.Settings.SubmitBatchSize);

    // Of all that is staged. One batch, one device: a stuck device holds up no operation of another.
    private ulong _device;

    // In a slot already, waiting for a place in the batch: the rest of operations that were done in part, and what came while the kernel
    // took nothing.
    private readonly Queue<Slot> _ready = new();

    private TimeSpan _pause = FirstPause;
    private long _pressedSince;
    private long _slowSubmitLoggedAt;

    /// <summary>What goes with RWF_NOWAIT.</summary>
    public NoWaitPolicy NoWait { get; } = new(shard.Counters);

    /// <summary>Who is told when something is in flight and nobody reaps.</summary>
    public required IActorRef Reaper { private get; init; }

    /// <summary>Where the shard's own thread reaps.</summary>
    public required ShardReap? Reap { private get; init; }

    /// <summary>No place in the batch, or the batch is inside io_submit.</summary>
    public bool IsFull => _stagedCount == _staged.Length || !shard.Gate.MaySubmit;

    /// <summary>
    /// The kernel took nothing: what is staged waits for a reap, or with nothing in flight for a pause, until <see cref="Resume"/>.
    /// </summary>
    public bool IsFlowControlled { get; private set; }

    /// <summary>There may be room again.</summary>
    public void Resume() => IsFlowControlled = false;

    /// <summary>Whether the batch has operations on this device.</summary>
    public bool IsStagedFor(ulong device) => _stagedCount > 0 && _device == device;

    /// <summary>To go first, when there is a place.</summary>
    public void Enqueue(Slot slot) => _ready.Enqueue(slot);

    /// <summary>How many wait for a place.</summary>
    public int ReadyCount => _ready.Count;

    /// <summary>Takes out the first of those that wait for a place.</summary>
    public Slot TakeReady() => _ready.Dequeue();

    /// <summary>Gives those that wait for a place theirs. A batch with operations of another device goes first.</summary>
    public void StageReady()
    {
        while (!IsFull && _ready.TryPeek(out var slot))
        {
            if (!IsOfOneDeviceWith(slot))
            {
                if (!Submit())
                {
                    return;
                }

                continue; // it has been waiting meanwhile, where another thread would have found it
            }

            _ready.Dequeue();
            Put(slot);
        }
    }

    /// <summary>Puts it into the batch, or behind those that wait for a place; and submits when that is due.</summary>
    public void Add(Slot slot)
    {
        // Now: it may be submitted and done by the end of this method.
        var due = slot.Opcode == IoOpcode.DataSync ? int.MaxValue : slot.MayMerge ? _staged.Length : _batches.Due;
        if (IsFull || !IsOfOneDeviceWith(slot))
        {
            Enqueue(slot);
            StageReady();
        }
        else
        {
            Put(slot);
        }

        if (_stagedCount >= due)
        {
            Submit();
        }
    }

    private bool IsOfOneDeviceWith(Slot slot) => _stagedCount == 0 || _device == slot.Lane.File.Device;

    private void Put(Slot slot)
    {
        _device = slot.Lane.File.Device;
        _staged[_stagedCount++] = slot;
    }

    /// <summary>Forgets what is staged: it has been answered.</summary>
    public void Clear()
    {
        _stagedCount = 0;
        _ready.Clear();
    }

    /// <summary>
    /// Gives the staged batch to the kernel and accounts for every one of them. True when it went anywhere; false when there was
    /// nothing to submit or the kernel took nothing.
    /// </summary>
    public bool Submit()
    {
        if (_stagedCount == 0 || IsFlowControlled || !shard.Gate.MaySubmit)
        {
            return false;
        }

        var next = 0;
        var now = Stopwatch.GetTimestamp();
        for (var i = 0; i < _stagedCount; i++)
        {
            // From the submit on the reaper owns the slot; those that are not accepted are taken back below.
            _staged[i].State = SlotState.InFlight;
            _staged[i].SubmittedAt = now;
            _requests[i] = _staged[i].ToRequest();
        }

        try
        {
            SubmitFrom(ref next);
        }
        finally
        {
            if (!shard.Gate.IsAbandoned)
            {
                KeepStagedFrom(next);
            }
        }

        if (shard.Gate.IsAbandoned)
        {
            _stagedCount = 0; // answered, and the kernel's for good
            return false;
        }

        Reap?.TakeAll(); // a RAM disk has done it all
        _batches.Submitted(inFlight.Count);
        return next > 0;
    }

    private void SubmitFrom(ref int next)
    {
        var total = _stagedCount;
        var interrupts = 0;
        while (next < total && !IsFlowControlled)
        {
            if (SubmitTimed(ref next, total - next) is not var (accepted, error))
            {
                return;
            }

            if (accepted > 0)
            {
                _pressedSince = 0;
            }
            else if (error == Errno.EINTR && ++interrupts <= MaxInterrupts)
            {
                continue;
            }
            else if (error is Errno.None or Errno.EAGAIN or Errno.EINTR or Errno.ENOMEM)
            {
                if (!AwaitRoom(error))
                {
                    while (next < total)
                    {
                        fail(_staged[next++], error == Errno.None ? Errno.EAGAIN : error);
                    }
                }
            }
            else if (error == Errno.EOPNOTSUPP && (_requests[next].Flags & RwFlags.NoWait) != 0)
            {
                var slot = _staged[next];
                NoWait.IsUnsupported(_device, slot.IsWrite);
                slot.Flags &= ~RwFlags.NoWait;
                _requests[next] = slot.ToRequest(); // and once more
            }
            else
            {
                // The errno is about the first iocb alone: the others have not been looked at.
                fail(_staged[next++], error);
            }
        }
    }

    private void KeepStagedFrom(int next)
    {
        var left = _stagedCount - next;
        for (var i = 0; i < left; i++)
        {
            _staged[i] = _staged[next + i];
            _staged[i].State = SlotState.Staged;
        }

        Array.Clear(_staged, left, next);
        _stagedCount = left;
    }

    // Null: the shard has been ended meanwhile, by another thread.
    private IoSubmitResult? SubmitTimed(ref int next, int count)
    {
        var first = next;
        var start = Stopwatch.GetTimestamp();
        IoSubmitResult result;
        var isOurs = false;
        shard.Gate.Enter(start);
        if (inFlight.Count > 0 || _ready.Count > 0 || shard.Messages.HasMessages || shard.Actor.HasWaiting)
        {
            shard.Visits.Want(); // that waits for this call to return
        }

        try
        {
            result = inFlight.Context.Submit(_requests.AsSpan(first, count));
        }
        finally
        {
            isOurs = shard.Gate.Leave();
        }

        if (!isOurs)
        {
            return null;
        }

        var end = Stopwatch.GetTimestamp();

        // First of all, and before anybody else's code is called: what the kernel has accepted is the kernel's.
        next += result.Accepted;
        if (result.Accepted > 0 && inFlight.Submitted(result.Accepted))
        {
            Reaper.Tell(Shards.Reap.Instance, shard.Ref);
        }

        shard.Telemetry.Submitted(result.Accepted, end - start);
        var ticks = Stopwatch.GetElapsedTime(start, end).Ticks;
        if (ticks > _counters.SlowestSubmitTicks)
        {
            _counters.SlowestSubmitTicks = ticks;
        }

        if (ticks > aio.Settings.SlowSubmit.Ticks)
        {
            OnSlowSubmit(first, result.Accepted, count, ticks);
        }

        _counters.Submits++;
        _counters.Submitted += result.Accepted;
        return result;
    }

    // It held up every other command of the shard. Said once a minute: a file system that does so once does so always.
    private void OnSlowSubmit(int first, int accepted, int count, long ticks)
    {
        _counters.SlowSubmits++;
        for (var i = first; aio.TakesNoWait && i < first + accepted; i++)
        {
            // Which of them it was is not known: all are under suspicion, and the innocent do not fall back.
            if (_requests[i].Opcode != IoOpcode.DataSync)
            {
                NoWait.SubmitWasSlow(_device, _requests[i].Opcode == IoOpcode.Write);
            }
        }

        var now = Stopwatch.GetTimestamp();
        if (_slowSubmitLoggedAt == 0 || Stopwatch.GetElapsedTime(_slowSubmitLoggedAt, now) > SlowSubmitLogPause)
        {
            _slowSubmitLoggedAt = now;
            log.Info(
                "Shard {ShardId}: io_submit of {Count} operations blocked for {Time}; {Calls} such calls so far{Hint}",
                shard.Index, count, new TimeSpan(ticks), _counters.SlowSubmits,
                Extends(first, accepted)
                    ? ". It had writes that extend their file, which block: allocate it first (PreallocationSize, Allocate)"
                    : "");
        }
    }

    private bool Extends(int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            // Null: it has been reaped already.
            if (_requests[i].Opcode == IoOpcode.Write && _staged[i].Lane is { } lane &&
                _requests[i].Offset + _requests[i].Length > lane.File.Extent.AllocatedEnd)
            {
                return true;
            }
        }

        return false;
    }

    // EAGAIN, 0 and their like are no errors: reap first, then try again. False when there is no hope left.
    private bool AwaitRoom(Errno error)
    {
        _counters.FlowControlled++;
        inFlight.WantNotice();
        if (inFlight.Count > 0)
        {
            IsFlowControlled = true; // the reaper sends a notice
            return true;
        }

        var now = Stopwatch.GetTimestamp();
        if (_pressedSince == 0)
        {
            _pressedSince = now;
            _pause = FirstPause;
        }
        else if (Stopwatch.GetElapsedTime(_pressedSince, now) >= aio.PatienceWithKernel)
        {
            log.Error("Shard {ShardId}: the kernel has taken nothing for {Time} (io_submit: {Errno}); what was staged fails",
                shard.Index, aio.PatienceWithKernel, error.Name());
            _pressedSince = 0;
            return false;
        }
        else
        {
            _pause = TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, LongestPause.Ticks));
        }

        IsFlowControlled = true;
        aio.System.Scheduler.ScheduleTellOnce(_pause, shard.Ref, RetrySubmit.Instance, shard.Ref);
        return true;
    }
}
