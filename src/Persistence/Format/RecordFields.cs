using System.Buffers.Binary;
using System.Text;

namespace AkkaAio.Persistence.Format;

/// <summary>What is written as one record; <see cref="RecordView"/> has the layout.</summary>
internal readonly ref struct RecordFields
{
    /// <summary>The longest text, in bytes of UTF-8.</summary>
    public const int MostText = ushort.MaxValue;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public required RecordType Type { get; init; }

    public long SequenceNr { get; init; }

    public long Ticks { get; init; }

    public int Serializer { get; init; }

    public string? PersistenceId { get; init; }

    public string? Manifest { get; init; }

    public string? AdapterManifest { get; init; }

    public string? Writer { get; init; }

    public IReadOnlyCollection<string>? Tags { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>What was known of an id in a segment that is given back.</summary>
    /// <param name="hash">Of the id.</param>
    /// <param name="highest">Its highest sequence number.</param>
    /// <param name="deletedTo">Up to where its events are deleted.</param>
    public static RecordFields StateOf(UInt128 hash, long highest, long deletedTo)
    {
        var payload = new byte[RecordView.StateSize];
        BinaryPrimitives.WriteInt64LittleEndian(payload, highest);
        BinaryPrimitives.WriteUInt128LittleEndian(payload.AsSpan(sizeof(long)), hash);
        return new RecordFields
        {
            Type = RecordType.State,
            SequenceNr = deletedTo,
            Ticks = DateTime.UtcNow.Ticks,
            Payload = payload,
        };
    }

    /// <summary>Bytes of the record.</summary>
    /// <exception cref="EncoderFallbackException">A text is no Unicode: half of a surrogate pair.</exception>
    /// <exception cref="ArgumentException">A text is too long, or there are too many tags.</exception>
    public long Size
    {
        get
        {
            var size = RecordView.HeaderSize + Bytes(PersistenceId) + Bytes(Manifest) + Bytes(AdapterManifest) + Bytes(Writer) +
                Payload.Length;
            if (Tags?.Count > ushort.MaxValue)
            {
                throw new ArgumentException($"An event has {Tags.Count} tags; {ushort.MaxValue} is the most");
            }

            foreach (var tag in Tags ?? [])
            {
                size += sizeof(ushort) + Bytes(tag);
            }

            return size;
        }
    }

    /// <summary>Writes the record.</summary>
    /// <param name="bytes">At least <see cref="Size"/>.</param>
    /// <returns>Its bytes.</returns>
    public int Write(Span<byte> bytes)
    {
        bytes[4] = (byte)Type;
        bytes[5] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], (ushort)(Tags?.Count ?? 0));
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], SequenceNr);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], Ticks);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], Serializer);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[36..], Payload.Length);
        var end = RecordView.HeaderSize;
        end += Put(PersistenceId, bytes, 28, end);
        end += Put(Manifest, bytes, 30, end);
        end += Put(AdapterManifest, bytes, 32, end);
        end += Put(Writer, bytes, 34, end);
        Payload.CopyTo(bytes[end..]);
        end += Payload.Length;
        foreach (var tag in Tags ?? [])
        {
            end += sizeof(ushort) + Put(tag, bytes, end, end + sizeof(ushort));
        }

        BinaryPrimitives.WriteInt32LittleEndian(bytes, end);
        return end;
    }

    private static long Bytes(string? text)
    {
        var count = text is null ? 0 : StrictUtf8.GetByteCount(text);
        return count <= MostText
            ? count
            : throw new ArgumentException(
                $"A persistence id, manifest, writer id or tag has {count} bytes of UTF-8; {MostText} is the most: {text![..64]}…");
    }

    private static int Put(string? text, Span<byte> bytes, int lengthAt, int at)
    {
        var count = text is null ? 0 : StrictUtf8.GetBytes(text, bytes[at..]);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[lengthAt..], checked((ushort)count));
        return count;
    }
}
