using System.Diagnostics;
using Akka.Event;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// The next batch of a shard, and its way into the kernel: gathers operations that are prepared, gives them to io_submit, and accounts for
/// every one of them. One for each context.
/// </summary>
/// <param name="aio">The settings.</param>
/// <param name="shard">The shard.</param>
/// <param name="context">Where they go.</param>
/// <param name="log">The shard's.</param>
internal sealed class SubmitQueue(AioExt aio, Shard shard, ShardContext context, ILoggingAdapter log)
{
    // Within a call, before it counts as pressure: a signal handler can interrupt a submit once or twice, and no more.
    private const int MaxInterrupts = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan SlowSubmitLogPause = TimeSpan.FromMinutes(1);

    private readonly ShardCounters _counters = shard.Counters;

    private readonly Operation[] _staged = new Operation[aio.Settings.SubmitBatchSize];
    private readonly IoRequest[] _requests = new IoRequest[aio.Settings.SubmitBatchSize];
    private readonly BatchPolicy _batches = new(aio.Settings.SubmitBatchMin, aio.Settings.SubmitBatchSize);
    private readonly List<Refusal> _refused = [];
    private int _stagedCount;

    // Whether the batch is worth a submit before the mailbox is empty.
    private int _due;

    // Of all that is staged. One batch, one device: a stuck device holds up no operation of another.
    private ulong _device;

    // Prepared, without a place in the batch: the rest of operations that were done in part, those of another device, and what came while
    // the kernel took nothing.
    private readonly Queue<Operation> _ready = new();

    private TimeSpan _pause = FirstPause;
    private long _pressedSince;
    private long _slowSubmitLoggedAt;

    /// <summary>No place in the batch, or the batch is inside io_submit.</summary>
    public bool IsFull => _stagedCount == _staged.Length || !shard.Gate.MaySubmit;

    /// <summary>Nothing waits to be submitted.</summary>
    public bool IsEmpty => _stagedCount == 0 && _ready.Count == 0;

    /// <summary>Enough are staged for a submit.</summary>
    public bool IsDue => _stagedCount > 0 && (_stagedCount >= _due || _ready.Count > 0) && !IsFlowControlled;

    /// <summary>
    /// The kernel took nothing: what is staged waits for a reap, or with nothing in flight for a pause, until <see cref="Resume"/>.
    /// </summary>
    public bool IsFlowControlled { get; private set; }

    /// <summary>What the last <see cref="Submit"/> was refused for good, with the reasons. To be failed and cleared.</summary>
    public List<Refusal> Refused => _refused;

    /// <summary>How many wait for a place in the batch.</summary>
    public int ReadyCount => _ready.Count;

    /// <summary>There may be room again.</summary>
    public void Resume() => IsFlowControlled = false;

    /// <summary>Whether the batch has operations on this device.</summary>
    public bool IsStagedFor(ulong device) => _stagedCount > 0 && _device == device;

    /// <summary>Takes out the first of those that wait for a place.</summary>
    public Operation TakeReady() => _ready.Dequeue();

    /// <summary>To go first, when there is a place.</summary>
    public void AddReady(Operation operation)
    {
        operation.Place = Place.Staged;
        _ready.Enqueue(operation);
    }

    /// <summary>Puts it into the batch, or behind those that wait for a place.</summary>
    public void Add(Operation operation)
    {
        if (_ready.Count > 0 || IsFull || !IsOfOneDeviceWith(operation))
        {
            AddReady(operation);
            return;
        }

        operation.Place = Place.Staged;
        Put(operation);
    }

    /// <summary>Gives those that wait for a place theirs, as far as the batch has room for their device.</summary>
    public void StageReady()
    {
        while (!IsFull && _ready.TryPeek(out var operation) && IsOfOneDeviceWith(operation))
        {
            Put(_ready.Dequeue());
        }
    }

    private bool IsOfOneDeviceWith(Operation operation) => _stagedCount == 0 || _device == operation.File.Device;

    private void Put(Operation operation)
    {
        _device = operation.File.Device;
        _due = operation.Opcode == IoOpcode.DataSync ? int.MaxValue : _batches.Due;
        _staged[_stagedCount++] = operation;
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
        try
        {
            var now = Stopwatch.GetTimestamp();
            for (var i = 0; i < _stagedCount; i++)
            {
                // Before the call: while it runs another thread may reap for this one (SubmitGate). What is not accepted comes back below.
                var operation = _staged[i];
                operation.SubmittedAt = now;
                operation.Place = Place.InKernel;
                _requests[i] = operation.ToRequest();
            }

            SubmitFrom(ref next, now);
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

        return next > 0;
    }

    /// <summary>What came of the last submit has been reaped.</summary>
    public void Reaped() => _batches.Submitted(context.Count);

    private void SubmitFrom(ref int next, long start)
    {
        var total = _stagedCount;
        var interrupts = 0;
        while (next < total && !IsFlowControlled)
        {
            if (SubmitTimed(ref next, total - next, start) is not var (accepted, error))
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
                        Refuse(_staged[next++], error == Errno.None ? Errno.EAGAIN : error);
                    }
                }
            }
            else
            {
                // The errno is about the first iocb alone: the others have not been looked at.
                Refuse(_staged[next++], error);
            }

            start = Stopwatch.GetTimestamp();
        }
    }

    private void Refuse(Operation operation, Errno error)
    {
        operation.Place = Place.Staged; // not the kernel's, also where a later call of this submit throws
        _refused.Add(new Refusal(operation, error));
    }

    private void KeepStagedFrom(int next)
    {
        var left = _stagedCount - next;
        for (var i = 0; i < left; i++)
        {
            _staged[i] = _staged[next + i];
            _staged[i].Place = Place.Staged;
        }

        Array.Clear(_staged, left, next);
        _stagedCount = left;
    }

    // Null: the shard has been ended meanwhile, by another thread.
    private IoSubmitResult? SubmitTimed(ref int next, int count, long start)
    {
        IoSubmitResult result;
        var isOurs = false;
        shard.Gate.Enter(start);
        if (context.Count > 0 || _ready.Count > 0 || shard.Messages.HasMessages || shard.Loop.HasWaiting)
        {
            shard.Visits.Want(); // that waits for this call to return
        }

        try
        {
            result = context.Queue.Submit(_requests.AsSpan(next, count));
        }
        finally
        {
            isOurs = shard.Gate.Leave();
        }

        if (!isOurs)
        {
            return null;
        }

        shard.Loop.Hold();

        // First of all, and before anybody else's code is called: what the kernel has accepted is the kernel's.
        next += result.Accepted;
        context.Count += result.Accepted;
        var end = Stopwatch.GetTimestamp();
        _counters.Submits++;
        _counters.Submitted += result.Accepted;
        shard.Telemetry.Submitted(result.Accepted, end - start);
        var ticks = Stopwatch.GetElapsedTime(start, end).Ticks;
        if (ticks > aio.Settings.SlowSubmit.Ticks)
        {
            OnSlowSubmit(count, ticks, end);
        }

        return result;
    }

    // It held up every other command of the shard. Said once a minute: a file system that does so once does so always.
    private void OnSlowSubmit(int count, long ticks, long now)
    {
        _counters.SlowSubmits++;
        if (_slowSubmitLoggedAt == 0 || Stopwatch.GetElapsedTime(_slowSubmitLoggedAt, now) > SlowSubmitLogPause)
        {
            _slowSubmitLoggedAt = now;
            log.Info(
                "Shard {ShardId}: io_submit of {Count} operations blocked for {Time}; {Calls} such calls so far. Files of a file system " +
                "that does so can be opened with AioOpenOptions.OnBlockingThreads",
                shard.Index, count, new TimeSpan(ticks), _counters.SlowSubmits);
        }
    }

    // EAGAIN, 0 and their like are no errors: reap first, then try again. False when there is no hope left.
    private bool AwaitRoom(Errno error)
    {
        _counters.FlowControlled++;
        IsFlowControlled = true;
        if (context.Count > 0)
        {
            return true; // until the next reap
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
            IsFlowControlled = false;
            return false;
        }
        else
        {
            _pause = TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, LongestPause.Ticks));
        }

        shard.TellAfter(_pause, RetrySubmit.Instance, aio.System.Scheduler);
        return true;
    }

    /// <summary>An operation that the kernel refuses for good.</summary>
    public readonly record struct Refusal(Operation Operation, Errno Error);
}
