using System.Runtime.CompilerServices;

namespace AkkaAio.Persistence.Index;

/// <summary>What is known of one persistence id, in memory as long as the journal is open. 48 bytes.</summary>
internal struct PersistenceIdState
{
    /// <summary>0: the slot is free.</summary>
    public UInt128 Hash;

    /// <summary>The highest sequence number that was ever stored; 0: none.</summary>
    public long Highest;

    /// <summary>The highest that was appended, and may not be durable yet. A write must go beyond it.</summary>
    public long Appended;

    /// <summary>Events up to this sequence number are deleted.</summary>
    public long DeletedTo;

    /// <summary>The newest segment with a record of it.</summary>
    public int LastSegment;

    /// <summary>Its newest posting in that segment, if that is one whose index is in memory.</summary>
    public int LastPosting;
}

/// <summary>
/// The state of each persistence id by its hash: open addressing in one array, which the garbage collector does not look into.
/// </summary>
internal sealed class PersistenceIdTable
{
    // Fuller, and looks become long; emptier, and memory is wasted: 57 to 71 bytes an id.
    private const double Fullest = 0.85;
    private const double Growth = 1.25;

    private PersistenceIdState[] _slots = new PersistenceIdState[1024];

    public int Count { get; private set; }

    /// <summary>Bytes of the table.</summary>
    public long Bytes => (long)_slots.Length * Unsafe.SizeOf<PersistenceIdState>();

    public ReadOnlySpan<PersistenceIdState> Slots => _slots;

    /// <summary>The state of an id; a null ref: it is unknown. Valid until the next <see cref="GetOrAdd"/>.</summary>
    public ref PersistenceIdState Find(UInt128 hash)
    {
        ref var slot = ref SlotOf(_slots, hash);
        return ref slot.Hash != 0 ? ref slot : ref Unsafe.NullRef<PersistenceIdState>();
    }

    /// <summary>The state of an id.</summary>
    public ref PersistenceIdState GetOrAdd(UInt128 hash)
    {
        ref var slot = ref SlotOf(_slots, hash);
        if (slot.Hash != 0)
        {
            return ref slot;
        }

        if (++Count > _slots.Length * Fullest)
        {
            Grow();
            slot = ref SlotOf(_slots, hash);
        }

        slot.Hash = hash;
        return ref slot;
    }

    private void Grow()
    {
        var slots = new PersistenceIdState[(int)(_slots.Length * Growth) + 1];
        foreach (ref readonly var state in _slots.AsSpan())
        {
            if (state.Hash != 0)
            {
                SlotOf(slots, state.Hash) = state;
            }
        }

        _slots = slots;
    }

    // The slot with the hash, or the free one where it goes.
    private static ref PersistenceIdState SlotOf(PersistenceIdState[] slots, UInt128 hash)
    {
        var at = (int)Math.BigMul((ulong)(hash >> 64), (ulong)slots.Length, out _);
        while (slots[at].Hash != 0 && slots[at].Hash != hash)
        {
            at = at + 1 < slots.Length ? at + 1 : 0;
        }

        return ref slots[at];
    }
}
