using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AkkaAio.Persistence.Index;

/// <summary>What is known of one persistence id, in memory as long as the journal is open. 44 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
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

    /// <summary>Its newest record: above 0 its posting in the current segment, below 0 the segment, negated; 0: it has none.</summary>
    public int Newest;
}

/// <summary>
/// The state of each persistence id by its hash: open addressing in many small arrays, each with the hashes of one beginning, which grow
/// one by one. So the journal never stops for a copy of all ids, nor has memory for two of them; and arrays that were too small are no
/// large objects, which the garbage collector would not put together.
/// </summary>
internal sealed class PersistenceIdTable
{
    private const int PartBits = 12;

    // Fuller, and looks become long; emptier, and memory is wasted: 52 to 59 bytes an id.
    private const double Fullest = 0.85;
    private const int GrowsBy = 8; // an eighth

    private static readonly PersistenceIdState[] None = new PersistenceIdState[1]; // never written to: it is as full as it may be

    private readonly PersistenceIdState[][] _parts = new PersistenceIdState[1 << PartBits][];
    private readonly int[] _counts = new int[1 << PartBits];

    public PersistenceIdTable() => Array.Fill(_parts, None);

    public int Count { get; private set; }

    /// <summary>Bytes of the table.</summary>
    public long Bytes => _parts.Sum(part => (long)part.Length * Unsafe.SizeOf<PersistenceIdState>());

    /// <summary>All slots, those with lower hashes in earlier parts.</summary>
    public IReadOnlyList<PersistenceIdState[]> Parts => _parts;

    /// <summary>The state of an id; a null ref: it is unknown. Valid until the next <see cref="GetOrAdd"/>.</summary>
    public ref PersistenceIdState Find(UInt128 hash)
    {
        ref var slot = ref SlotOf(_parts[PartOf(hash)], hash);
        return ref slot.Hash != 0 ? ref slot : ref Unsafe.NullRef<PersistenceIdState>();
    }

    /// <summary>The state of an id.</summary>
    public ref PersistenceIdState GetOrAdd(UInt128 hash)
    {
        ref var part = ref _parts[PartOf(hash)];
        ref var slot = ref SlotOf(part, hash);
        if (slot.Hash != 0)
        {
            return ref slot;
        }

        if (++_counts[PartOf(hash)] > part.Length * Fullest)
        {
            part = Grow(part);
            slot = ref SlotOf(part, hash);
        }

        Count++;
        slot.Hash = hash;
        return ref slot;
    }

    private static int PartOf(UInt128 hash) => (int)(hash >> (128 - PartBits));

    private static PersistenceIdState[] Grow(PersistenceIdState[] part)
    {
        var slots = new PersistenceIdState[part.Length + (part.Length / GrowsBy) + 2];
        foreach (ref readonly var state in part.AsSpan())
        {
            if (state.Hash != 0)
            {
                SlotOf(slots, state.Hash) = state;
            }
        }

        return slots;
    }

    // The slot with the hash, or the free one where it goes.
    private static ref PersistenceIdState SlotOf(PersistenceIdState[] slots, UInt128 hash)
    {
        var at = (int)Math.BigMul((ulong)(hash >> (64 - PartBits)), (ulong)slots.Length, out _);
        while (slots[at].Hash != 0 && slots[at].Hash != hash)
        {
            at = at + 1 < slots.Length ? at + 1 : 0;
        }

        return ref slots[at];
    }
}
