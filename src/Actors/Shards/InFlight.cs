using System.Runtime.InteropServices;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// One context with its slots, between the shard that fills them and whoever empties them. Made anew with every incarnation.
/// The two threads meet here without a lock: each field has one writer, and the two flags are handed over by compare-and-swap.
/// </summary>
/// <remarks>
/// Who empties them: the shard's own thread (<see cref="ShardReap"/>), the <see cref="ReaperActor"/> with a thread of its own, or the
/// <see cref="ReapLoop"/> for all shards.
/// </remarks>
internal sealed class InFlight
{
    private readonly Slot[] _slots;
    private readonly Stack<Slot> _ownFree;
    private readonly FreeSlots _reapedFree;
    private Padded _submitted;
    private Padded _reaped;
    private Padded _reaperIsIdle;
    private Padded _noticeWanted;
    private readonly Lock _stopLock = new();
    private bool _stopRequested;
    private bool _disposed;
    private bool _hasEnded;

    /// <param name="context">The queue to the kernel.</param>
    /// <param name="hasReaper">Whether the reaper is to be told when something is in flight.</param>
    public InFlight(IIoContext context, bool hasReaper = true)
    {
        Context = context;
        _slots = new Slot[context.Depth];
        _ownFree = new Stack<Slot>(context.Depth);
        for (var i = context.Depth - 1; i >= 0; i--)
        {
            _ownFree.Push(_slots[i] = new Slot(i));
        }

        _reapedFree = new FreeSlots(context.Depth);
        _reaperIsIdle.Value = hasReaper ? 1 : 0;
    }

    public IIoContext Context { get; }

    /// <summary>Who reaps it in the place of its reaper; null: that does.</summary>
    public IContextWatch? Watch { get; set; }

    public int Depth => _slots.Length;

    public ReadOnlySpan<Slot> Slots => _slots;

    /// <summary>
    /// Operations that the kernel has, or whose events it keeps. Can be below zero for a moment on the reaper's side: an event may be
    /// there before its submitter has counted.
    /// </summary>
    public long Count => Volatile.Read(ref _submitted.Value) - Volatile.Read(ref _reaped.Value);

    /// <summary>Shard: no slot is in use.</summary>
    public bool AllFree => _ownFree.Count + _reapedFree.Count == _slots.Length;

    /// <summary>Shard: whether <see cref="TryTake"/> would give a slot.</summary>
    public bool HasFree => _ownFree.Count > 0 || _reapedFree.Count > 0;

    /// <summary>The reaper is to leave at its next look: the shard is stopping or restarting.</summary>
    public bool StopRequested => Volatile.Read(ref _stopRequested);

    /// <summary>Drained and destroyed, or abandoned; what was in flight has its replies.</summary>
    public bool HasEnded
    {
        get => Volatile.Read(ref _hasEnded);
        set => Volatile.Write(ref _hasEnded, value);
    }

    /// <summary>Shard: a free slot, or null when the depth is reached.</summary>
    public Slot? TryTake() => _ownFree.TryPop(out var slot) ? slot : _reapedFree.TryTake();

    /// <summary>Shard: gives a slot back that was never in flight, or came back by message.</summary>
    public void GiveBack(Slot slot)
    {
        slot.Clear();
        _ownFree.Push(slot);
    }

    /// <summary>Who reaps: gives a slot back whose operation is done.</summary>
    public void GiveBackReaped(Slot slot)
    {
        slot.Clear();
        _reapedFree.Put(slot);
    }

    /// <summary>Shard: so many are in flight now. True: the reaper is idle, and must be told.</summary>
    public bool Submitted(int count)
    {
        Volatile.Write(ref _submitted.Value, _submitted.Value + count);
        Interlocked.MemoryBarrier();
        return Count > 0 && Volatile.Read(ref _reaperIsIdle.Value) == 1 &&
               Interlocked.CompareExchange(ref _reaperIsIdle.Value, 0, 1) == 1;
    }

    /// <summary>Who reaps: so many events are out and answered. True: the shard wants to be told.</summary>
    public bool Reaped(int count)
    {
        Volatile.Write(ref _reaped.Value, _reaped.Value + count);
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref _noticeWanted.Value) == 1 && Interlocked.Exchange(ref _noticeWanted.Value, 0) == 1;
    }

    /// <summary>
    /// Shard: asks for a notice after the next reap. Look again after this call at what is waited for: it may have come just before.
    /// </summary>
    public void WantNotice()
    {
        Volatile.Write(ref _noticeWanted.Value, 1);
        Interlocked.MemoryBarrier();
    }

    /// <summary>Reaper: goes to its mailbox. False: something was submitted meanwhile, and it must go on.</summary>
    public bool TryGoIdle()
    {
        Volatile.Write(ref _reaperIsIdle.Value, 1);
        Interlocked.MemoryBarrier();
        return Count <= 0 || Interlocked.CompareExchange(ref _reaperIsIdle.Value, 0, 1) != 1;
    }

    /// <summary>Any thread: ends the wait of whoever reaps, for good.</summary>
    public void RequestStop()
    {
        Volatile.Write(ref _stopRequested, true);
        Wake();
    }

    /// <summary>Any thread: ends the wait of whoever reaps, or the next one.</summary>
    public void Wake()
    {
        lock (_stopLock)
        {
            if (!_disposed)
            {
                Context.Wake();
            }
        }
    }

    /// <summary>Reaper, in the end: destroys the context, which is never woken again.</summary>
    public void Destroy()
    {
        lock (_stopLock)
        {
            _disposed = true;
        }

        Context.Dispose();
    }

    /// <summary>A number on a cache line of its own: what two threads touch side by side costs both a miss each time.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Padded
    {
        [FieldOffset(64)]
        public long Value;
    }

    /// <summary>Slots on their way from whoever reaps (one producer) back to the shard (one consumer).</summary>
    private sealed class FreeSlots(int depth)
    {
        private readonly Slot?[] _ring = new Slot?[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)depth)];
        private Padded _head;
        private Padded _tail;

        public int Count => (int)(Volatile.Read(ref _tail.Value) - _head.Value);

        public void Put(Slot slot)
        {
            var tail = _tail.Value;
            _ring[(int)tail & (_ring.Length - 1)] = slot;
            Volatile.Write(ref _tail.Value, tail + 1);
        }

        public Slot? TryTake()
        {
            var head = _head.Value;
            if (head == Volatile.Read(ref _tail.Value))
            {
                return null;
            }

            // The producer cannot lap us: there are no more slots than places.
            var slot = _ring[(int)head & (_ring.Length - 1)];
            _head.Value = head + 1;
            return slot;
        }
    }
}
