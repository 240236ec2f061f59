using System.Buffers.Binary;

namespace AkkaAio.Persistence.Format;

/// <summary>
/// One record of a batch. Numbers are little-endian; text is UTF-8:
/// <code>
///   0  4  bytes of the record                    28  2  bytes of the persistence id
///   4  1  type                                   30  2  bytes of the serializer's manifest
///   5  1  flags, 0                               32  2  bytes of the adapter's manifest
///   6  2  tags                                   34  2  bytes of the writer's id
///   8  8  sequence number                        36  4  bytes of the payload
///  16  8  timestamp, UTC ticks                   40     these five in this order: id, manifests, writer, payload;
///  24  4  the serializer's id                           then each tag: 2 bytes with its length, and it
/// </code>
/// A record says all about itself, so that it can be salvaged alone. A record of a type that a reader does not know is passed over: one
/// that it must know comes with a feature of its segment.
/// </summary>
internal readonly ref struct RecordView
{
    public const int HeaderSize = 40;

    /// <summary>Bytes of the payload of a <see cref="RecordType.State"/>.</summary>
    public const int StateSize = 24;

    private readonly ReadOnlySpan<byte> _bytes;

    private RecordView(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    public int Length => _bytes.Length;

    public RecordType Type => (RecordType)_bytes[4];

    public int Tags => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[6..]);

    public long SequenceNr => BinaryPrimitives.ReadInt64LittleEndian(_bytes[8..]);

    public long Ticks => BinaryPrimitives.ReadInt64LittleEndian(_bytes[16..]);

    public int Serializer => BinaryPrimitives.ReadInt32LittleEndian(_bytes[24..]);

    public ReadOnlySpan<byte> PersistenceId => _bytes.Slice(HeaderSize, LengthAt(28));

    public ReadOnlySpan<byte> Manifest => _bytes.Slice(ManifestStart, LengthAt(30));

    public ReadOnlySpan<byte> AdapterManifest => _bytes.Slice(ManifestStart + LengthAt(30), LengthAt(32));

    public ReadOnlySpan<byte> Writer => _bytes.Slice(ManifestStart + LengthAt(30) + LengthAt(32), LengthAt(34));

    public ReadOnlySpan<byte> Payload => _bytes.Slice(PayloadStart, PayloadLength);

    /// <summary>The tags, as they are in the file.</summary>
    public ReadOnlySpan<byte> TagBytes => _bytes[(PayloadStart + PayloadLength)..];

    private int ManifestStart => HeaderSize + LengthAt(28);

    private int PayloadStart => ManifestStart + LengthAt(30) + LengthAt(32) + LengthAt(34);

    private int PayloadLength => BinaryPrimitives.ReadInt32LittleEndian(_bytes[36..]);

    private int LengthAt(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[at..]);

    /// <summary>The record at the start of some bytes of a batch.</summary>
    /// <returns>False: they are no record, in a batch with a right checksum an error of the code that wrote it.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RecordView record)
    {
        record = default;
        if (bytes.Length < HeaderSize || BinaryPrimitives.ReadInt32LittleEndian(bytes) is var length &&
            (length < HeaderSize || length > bytes.Length))
        {
            return false;
        }

        record = new RecordView(bytes[..length]);
        var payload = record.PayloadLength;
        if (payload < 0 || payload > length - record.PayloadStart)
        {
            return false;
        }

        var tags = record.TagBytes;
        for (var left = record.Tags; left > 0; left--)
        {
            if (tags.Length < sizeof(ushort) || BinaryPrimitives.ReadUInt16LittleEndian(tags) is var tag &&
                tag > tags.Length - sizeof(ushort))
            {
                return false;
            }

            tags = tags[(sizeof(ushort) + BinaryPrimitives.ReadUInt16LittleEndian(tags))..];
        }

        return tags.IsEmpty;
    }
}

/// <summary>What a record is.</summary>
internal enum RecordType : byte
{
    /// <summary>An event of a persistence id, or a record of an <c>AioLog</c>.</summary>
    Event = 1,

    /// <summary>Events up to the sequence number are deleted; the payload is the highest number (8 bytes), which outlives them.</summary>
    Tombstone = 2,

    Snapshot = 3,

    /// <summary>
    /// What was known of a persistence id in a segment that was given back: the sequence number is up to where its events are deleted, the
    /// payload the highest number (8 bytes) and the hash of the id (XXH128, 16 bytes). It has no id.
    /// </summary>
    State = 4,
}
