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
    private const int EntryHeader = 16 + (4 * Varint.Most);
    private const int MostEvent = 3 * Varint.Most;

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
        used += 16;
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
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static Reader Read(ReadOnlySpan<byte> page)
    {
        if (page.Length != Size || BinaryPrimitives.ReadUInt32LittleEndian(page) != Crc32C.Around(page, 0))
        {
            throw new InvalidDataException("a page of the footer is damaged");
        }

        return new Reader(
            page[HeaderSize..BinaryPrimitives.ReadUInt16LittleEndian(page[4..])], BinaryPrimitives.ReadUInt16LittleEndian(page[6..]));
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
        public bool Next()
        {
            if (_left-- == 0)
            {
                return false;
            }

            Hash = BinaryPrimitives.ReadUInt128LittleEndian(_bytes[_at..]);
            _at += 16;
            PreviousSegment = (int)Varint.Read(_bytes, ref _at);
            Highest = (long)Varint.Read(_bytes, ref _at);
            DeletedTo = (long)Varint.Read(_bytes, ref _at);
            var count = (int)Varint.Read(_bytes, ref _at);
            Events.Clear();
            var place = default(EventPlace);
            for (; count > 0; count--)
            {
                place = new EventPlace(
                    place.SequenceNr + (long)Varint.Read(_bytes, ref _at),
                    place.Block + (int)Varint.Read(_bytes, ref _at),
                    (int)Varint.Read(_bytes, ref _at));
                Events.Add(place);
            }

            return true;
        }
    }
}
