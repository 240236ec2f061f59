using System.Buffers.Binary;
using AkkaAio.Persistence.Index;

namespace AkkaAio.Persistence.Format;

/// <summary>
/// A page of a footer, 4096 bytes: CRC-32C of the page (4, own as 0), bytes in use (2), entries (2), and the entries, ascending by hash:
/// <code>
///  hash (16, little-endian), then <see cref="Varint"/>s: previous segment, highest sequence number, deleted to, events,
///  and for each event: sequence number and block, each as the difference to the event before, and offset
/// </code>
/// An id with more events than a page has room for has several entries, one behind the other.
/// </summary>
internal static class FooterPage
{
    public const int Size = 4096;
    private const int HeaderSize = 8;
    private const int HashSize = 16;
    private const int EntryHeader = HashSize + (4 * Varint.Most);
    private const int MostEvent = 3 * Varint.Most;

    /// <summary>Entries that a page can have: each has a hash and four numbers.</summary>
    public const int MostEntries = (Size - HeaderSize) / (HashSize + 4);

    /// <summary>Writes what has room of an id's events.</summary>
    /// <param name="page">The page.</param>
    /// <param name="used">Bytes in use; 0: it is new.</param>
    /// <param name="state">The id.</param>
    /// <param name="previous">The newest segment before with a record of it.</param>
    /// <param name="deletedTo">Of a tombstone in this segment.</param>
    /// <param name="events">Those that are not written yet.</param>
    /// <returns>How many were written; -1: none, and no entry, as the page is full.</returns>
    public static int Add(
        Span<byte> page, ref int used, in PersistenceIdState state, int previous, long deletedTo, ReadOnlySpan<EventPlace> events)
    {
        if (used == 0)
        {
            page.Clear();
            used = HeaderSize;
        }

        var count = Math.Min(events.Length, (Size - used - EntryHeader) / MostEvent);
        if (used + EntryHeader > Size || (count == 0 && !events.IsEmpty))
        {
            return -1;
        }

        BinaryPrimitives.WriteUInt128LittleEndian(page[used..], state.Hash);
        used += HashSize;
        Varint.Write(page, ref used, (ulong)previous);
        Varint.Write(page, ref used, (ulong)state.Highest);
        Varint.Write(page, ref used, (ulong)deletedTo);
        Varint.Write(page, ref used, (ulong)count);
        var before = default(EventPlace);
        foreach (ref readonly var place in events[..count])
        {
            Varint.Write(page, ref used, (ulong)(place.SequenceNr - before.SequenceNr));
            Varint.Write(page, ref used, (ulong)(place.Block - before.Block));
            Varint.Write(page, ref used, (ulong)place.Offset);
            before = place;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(page[6..], (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(page[6..]) + 1));
        return count;
    }

    public static void Seal(Span<byte> page, int used)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(page[4..], (ushort)used);
        BinaryPrimitives.WriteUInt32LittleEndian(page, Crc32C.Around(page, 0));
    }

    public static UInt128 FirstHash(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt128LittleEndian(page[HeaderSize..]);

    /// <summary>The entries of a page.</summary>
    /// <param name="bytes">Begins with the page.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static Reader Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Crc32C.Around(bytes[..Size], 0) ||
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) is not (>= HeaderSize and <= Size and var used))
        {
            throw new InvalidDataException("a page of the footer is damaged");
        }

        return new Reader(bytes[HeaderSize..used], BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]));
    }

    /// <summary>Goes through the entries of a page.</summary>
    internal ref struct Reader(ReadOnlySpan<byte> bytes, int entries)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _left = entries;
        private int _at;

        public UInt128 Hash { get; private set; }

        public int PreviousSegment { get; private set; }

        public long Highest { get; private set; }

        public long DeletedTo { get; private set; }

        /// <summary>Its events, ascending. Valid until the next entry.</summary>
        public List<EventPlace> Events { get; } = [];

        /// <returns>False: there is no entry more.</returns>
        /// <exception cref="InvalidDataException">It is cut, or has numbers that cannot be.</exception>
        public bool Next()
        {
            if (_left-- == 0)
            {
                return false;
            }

            if (_bytes.Length - _at < HashSize)
            {
                throw new InvalidDataException("an entry of the footer is cut");
            }

            Hash = BinaryPrimitives.ReadUInt128LittleEndian(_bytes[_at..]);
            _at += HashSize;
            PreviousSegment = (int)Read(int.MaxValue);
            Highest = Read();
            DeletedTo = Read();
            Events.Clear();
            var (sequenceNr, block) = (0L, 0L);
            for (var count = Read(); count > 0; count--)
            {
                sequenceNr += Read(long.MaxValue - sequenceNr);
                block += Read(int.MaxValue - block);
                Events.Add(new EventPlace(sequenceNr, (int)block, (int)Read(int.MaxValue)));
            }

            return true;
        }

        private long Read(long most = long.MaxValue) => Varint.Read(_bytes, ref _at) is var value && value <= (ulong)most
            ? (long)value
            : throw new InvalidDataException($"a number of the footer is {value}, and {most} the most that it can be");
    }
}
