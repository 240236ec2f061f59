using System.Diagnostics;
using Akka.Actor;
using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>
/// Writes batches behind the end of a log, some of them at a time, each with Dsync, and says in log order when they are durable. It belongs
/// to one actor, which adds records, calls <see cref="Pump"/> at the end of each of its messages, and hands on the replies to its writes.
/// After a failed write it writes nothing more: what is in the log must be found out by a recovery.
/// </summary>
internal sealed class LogWriter<TAppend>(
    IActorRef aio, IActorRef owner, ILogOwner<TAppend> events, WriteBuffers buffers, LogWriterSettings settings, LogPosition from)
{
    private readonly Queue<Batch<TAppend>> _waiting = new(); // full, oldest first
    private readonly Queue<Batch<TAppend>> _writing = new(); // the disk has them, oldest first
    private readonly Queue<Batch<TAppend>> _durable = new(); // to be answered
    private readonly Queue<Batch<TAppend>> _refused = new(); // there was no segment for them: to be answered
    private readonly Stack<List<TAppend>> _lists = new(); // of batches that are answered, for others
    private readonly Pipeline _pipeline = new(settings.MostPipeline, settings.PipelineFrom);
    private readonly long _epoch = from.End.Epoch + 1;
    private Batch<TAppend>? _filling;
    private Segment? _segment = from.Segment;
    private (long Number, AioFile File)? _next; // where the log goes on when that one is full
    private readonly Queue<Segment> _open = new(from.Segment is { } last ? [last] : []); // not sealed yet: that of the last durable batch
    private bool _isNextAsked;
    private long _nextBatch = from.End.NextBatch;
    private long _nextOrdering = from.End.NextOrdering;
    private long _durableUpTo = from.End.NextBatch - 1;
    private uint _lastCrc = from.End.LastCrc;
    private long _heldBytes; // memory of the batches that are full, or that the disk has, until they are answered

    /// <summary>Segments below this number are given back, as what was added says: those that begin behind it say so too.</summary>
    public long Oldest { private get; set; } = Math.Max(from.Oldest, 1);

    /// <summary>Why it writes nothing more; null while it does.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Of batches that are full, or that the disk has, until they are answered.</summary>
    public long PendingBytes { get; private set; }

    /// <summary>Nothing waits or is written.</summary>
    public bool IsIdle => _waiting.Count == 0 && _writing.Count == 0 && _durable.Count == 0 && _filling is not { IsEmpty: false };

    /// <summary>
    /// False: no more is added until a batch has been answered. It is looked at before each request, so memory is bounded by the buffers of
    /// the pipeline, the one that is filled, and what one request is encoded to.
    /// </summary>
    public bool HasRoom => _heldBytes <= (long)settings.MostPipeline * settings.BufferBytes;

    /// <summary>Why there is no segment to go on with, until there is one. What makes room is written all the same.</summary>
    public Exception? Full { get; private set; }

    /// <summary>The batch that takes records of some bytes, all of them.</summary>
    /// <param name="bytes">Of all of them.</param>
    /// <param name="makesRoom">
    /// They let segments be given back: on a full disk they may use the end of the segment that is kept for them.
    /// </param>
    public Batch<TAppend> Reserve(long bytes, bool makesRoom = false)
    {
        var usesReserve = makesRoom && Full is not null;
        if (_filling is { IsEmpty: false } filling && (!filling.HasRoom(bytes) || filling.UsesReserve != usesReserve))
        {
            Close(filling);
        }

        var size = Math.Max(settings.BufferBytes, settings.ToBlocks(BatchHeader.Size + bytes));
        _filling ??= new Batch<TAppend>(
            buffers.Rent(checked((int)size)), settings.BlockBytes, _nextOrdering, _lists.TryPop(out var list) ? list : []);
        _filling.UsesReserve = usesReserve;
        return _filling;
    }

    /// <summary>A batch without records: when it is durable, what is before it can be relied on.</summary>
    public Batch<TAppend> AddFence()
    {
        Reserve(0);
        var fence = _filling!;
        fence.UsesReserve = true; // a log on a full disk can be read
        Close(fence);
        return fence;
    }

    /// <summary>Remembers something until all that was added before is durable.</summary>
    /// <returns>False: it is.</returns>
    public bool TryAddBehindNewest(TAppend append)
    {
        var newest = _filling is { IsEmpty: false } ? _filling : _waiting.LastOrDefault() ?? _writing.LastOrDefault();
        newest?.Appends.Add(append);
        return newest is not null;
    }

    /// <summary>Starts what writes can be started.</summary>
    public void Pump()
    {
        while (Failure is null && _writing.Count < _pipeline.Depth)
        {
            if (_waiting.Count == 0 && _filling is { IsEmpty: false } filling)
            {
                Close(filling);
            }

            if (!_waiting.TryPeek(out var batch) || !IsSegmentReady(batch))
            {
                return;
            }

            Start(_waiting.Dequeue());
        }
    }

    /// <summary>A segment to go on with: its blocks are zeros, or batches of an older epoch.</summary>
    public void OnSegment(long number, AioFile file)
    {
        _next = (number, file);
        Full = null;
        Pump();
    }

    /// <summary>
    /// There is none, as where the disk is full: what waits for it fails, and nothing of it was written. What makes room is written as long
    /// as the reserve lasts; the first that has none fails, and all behind it: the last one of several may rely on those before.
    /// </summary>
    public void OnNoSegment(Exception cause)
    {
        _isNextAsked = false;
        Full = cause;
        if (!_waiting.TryPeek(out var first) || Fits(first))
        {
            return;
        }

        CloseFilling();
        var reserve = ReserveLeft();
        _nextOrdering = first.FirstOrdering;
        for (var count = _waiting.Count; count > 0; count--)
        {
            var batch = _waiting.Dequeue();
            if (!batch.UsesReserve || (reserve -= batch.Length) < 0)
            {
                _refused.Enqueue(batch);
                continue;
            }

            batch.FirstOrdering = _nextOrdering;
            _nextOrdering = batch.NextOrdering;
            _waiting.Enqueue(batch);
        }

        Fail(_refused, cause, AioOutcome.NotPerformed);
        Pump();
    }

    /// <summary>False: the batch is of an earlier writer.</summary>
    public bool IsWriting(Batch<TAppend> batch) => _writing.Contains(batch);

    /// <summary>A write of this log has ended.</summary>
    public void OnReply(Aio.Event reply)
    {
        ((Batch<TAppend>)reply.Token!).PendingWrites--;
        if (reply is Aio.CommandFailed failed)
        {
            Failure ??= failed.Cause;
        }

        if (Failure is null)
        {
            Acknowledge();
        }
        else if (_writing.All(batch => batch.PendingWrites == 0))
        {
            FailBatches(Failure); // which of them are in the log, a recovery finds out
            events.OnStopped(Failure);
        }
    }

    /// <summary>The owner stops: all batches are told. Writes under way go on, and their replies find nobody.</summary>
    public void Abandon(Exception cause)
    {
        Failure ??= cause;
        FailBatches(cause);
    }

    /// <summary>Closes its files behind the writes under way, and fails nothing: their batches are told first.</summary>
    public async Task CloseAsync()
    {
        foreach (var file in _open.Select(segment => segment.File).Concat(_next is { File: var next } ? [next] : []))
        {
            await file.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Close(Batch<TAppend> batch)
    {
        _nextOrdering = batch.NextOrdering;
        PendingBytes += batch.Length;
        _heldBytes += batch.BufferBytes;
        _waiting.Enqueue(batch);
        _filling = null;
    }

    private long ReserveLeft() => _segment is { } segment && segment.Header.BlockSize == settings.BlockBytes
        ? segment.Header.SegmentSize - segment.End
        : 0;

    // The end of a segment is kept for what makes room, until there is another segment.
    private bool Fits(Batch<TAppend> batch) =>
        _segment is { } segment && segment.Header.BlockSize == settings.BlockBytes &&
        segment.HasRoom(batch.Length, batch.UsesReserve || _next is not null ? 0 : settings.ReserveBytes);

    // Asks for the next segment in time, so that the log never waits for zeros to be written.
    private bool IsSegmentReady(Batch<TAppend> batch)
    {
        var isFull = !Fits(batch);
        if (!_isNextAsked && (isFull || _segment!.End > settings.SegmentBytes / 2))
        {
            _isNextAsked = true;
            events.NeedSegment((_segment?.Number ?? 0) + 1, isFull);
        }

        return !isFull || _next is not null;
    }

    private void Start(Batch<TAppend> batch)
    {
        if (!Fits(batch))
        {
            Roll(batch);
        }

        _lastCrc = batch.Seal(_nextBatch++, _epoch, _durableUpTo, _lastCrc, DateTime.UtcNow, _segment!);
        _segment!.End += batch.Length;
        batch.StartedAt = Stopwatch.GetTimestamp();
        _writing.Enqueue(batch);
        if (batch.SegmentHeader is { } header)
        {
            Write(batch, header.Memory, 0);
        }

        Write(batch, batch.Bytes, batch.Offset);
    }

    // The header goes beside the first batch: neither counts without the other.
    private void Roll(Batch<TAppend> first)
    {
        var (number, file) = _next!.Value;
        var header = new SegmentHeader
        {
            Kind = settings.Kind,
            BlockSize = settings.BlockBytes,
            Store = settings.Store,
            Number = number,
            Epoch = _epoch,
            SegmentSize = settings.SegmentBytes,
            FirstBatch = _nextBatch,
            FirstOrdering = first.FirstOrdering,
            CreatedTicks = DateTime.UtcNow.Ticks,
            PreviousNumber = _segment?.Number ?? 0,
            PreviousEnd = _segment?.End ?? 0,
            PreviousCrc = _lastCrc,
            Oldest = Oldest,
        };
        _segment = new Segment(file, header, settings.BlockBytes);
        _open.Enqueue(_segment);
        _next = null;
        _isNextAsked = false;
        first.SegmentHeader = buffers.Rent(settings.BlockBytes);
        header.Write(first.SegmentHeader.GetSpan());
    }

    private void Write(Batch<TAppend> batch, ReadOnlyMemory<byte> bytes, long offset)
    {
        batch.PendingWrites++;
        aio.Tell(new Aio.Write(batch.Segment!.File, bytes, offset) { Durability = settings.Durability, Token = batch }, owner);
    }

    private void Acknowledge()
    {
        while (_writing.TryPeek(out var oldest) && oldest.PendingWrites == 0)
        {
            _durable.Enqueue(_writing.Dequeue());
            _durableUpTo = oldest.Number;
            _pipeline.OnCommitted(Stopwatch.GetElapsedTime(oldest.StartedAt));
        }

        Pump(); // the disk goes on while requesters are answered
        while (_durable.TryPeek(out var batch)) // it stays queued until it is answered: if an answer throws, FailBatches finds the rest
        {
            if (_open.Peek() != batch.Segment)
            {
                events.OnSealed(_open.Dequeue(), batch.PreviousCrc);
            }

            events.OnDurable(batch);
            Release(_durable.Dequeue());
            batch.Appends.Clear();
            _lists.Push(batch.Appends);
        }
    }

    private void FailBatches(Exception cause)
    {
        CloseFilling();
        Fail(_durable, cause, AioOutcome.MayHaveHappened); // an answer has thrown
        Fail(_writing, cause, AioOutcome.MayHaveHappened);
        Fail(_refused, cause, AioOutcome.NotPerformed);
        Fail(_waiting, cause, AioOutcome.NotPerformed);
    }

    private void CloseFilling()
    {
        if (_filling is { IsEmpty: false } filling)
        {
            Close(filling);
        }

        _filling?.Release();
        _filling = null;
    }

    private void Fail(Queue<Batch<TAppend>> batches, Exception cause, AioOutcome outcome)
    {
        while (batches.TryPeek(out var batch)) // as in Acknowledge
        {
            events.OnFailed(batch, cause, outcome);
            Release(batches.Dequeue());
        }
    }

    private void Release(Batch<TAppend> batch)
    {
        PendingBytes -= batch.Length;
        _heldBytes -= batch.BufferBytes;
        batch.Release();
    }
}
