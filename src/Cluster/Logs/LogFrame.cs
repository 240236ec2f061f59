using System.Buffers.Binary;

namespace AkkaAio.Cluster.Logs;

/// <summary>
/// One append of a log file:
/// <code>
///  0 magic "AIOL"   4 length of the payload   8 epoch of the owner   16 the writer   32 durable end   40 CRC-32C   44 payload
/// </code>
/// Numbers are little-endian. The durable end is an offset of the log: what is before it was on stable storage when the frame was begun, so
/// that a damaged frame there is damage, and no append that a crash cut off. The CRC is of the frame's own offset (8 bytes), of bytes 0 to
/// 39 and of the payload: a copy of a frame elsewhere, in the payload of another, is none. A reader skips a frame whose epoch is lower than
/// that of one before it: a writer that had been replaced.
/// </summary>
internal readonly record struct LogFrame(int Length, ulong Epoch, Guid Writer, long DurableEnd, uint Crc)
{
    public const int HeaderBytes = 44;

    private const int DurableEndAt = 32;
    private const int CrcAt = 40;

    /// <summary>The first four bytes.</summary>
    public const uint Magic = 0x4C4F4941;

    /// <summary>The longest payload, whatever max-transfer is now: a log may have been written with another.</summary>
    public const int MostPayload = 96 << 10;

    /// <summary>Bytes that a payload takes in the file.</summary>
    public static int SizeOf(int payload) => HeaderBytes + payload;

    /// <summary>Writes a whole frame.</summary>
    /// <param name="frame">Where to.</param>
    /// <param name="offset">Where in the log it goes.</param>
    /// <param name="epoch">Of the owner.</param>
    /// <param name="writer">The id of its appender.</param>
    /// <param name="durableEnd">What is before it is on stable storage.</param>
    /// <param name="payload">What is appended.</param>
    public static void Write(Span<byte> frame, long offset, ulong epoch, Guid writer, long durableEnd, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(frame[4..], payload.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[8..], epoch);
        writer.TryWriteBytes(frame[16..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(frame[DurableEndAt..], durableEnd);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[CrcAt..], CrcOf(offset, frame[..CrcAt], payload));
        payload.CopyTo(frame[HeaderBytes..]);
    }

    /// <summary>The header at the start of some bytes.</summary>
    /// <returns>False: there is none.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> bytes, out LogFrame frame)
    {
        frame = default;
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        frame = new LogFrame(
            length, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), new Guid(bytes.Slice(16, 16), bigEndian: true),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[DurableEndAt..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcAt..]));
        return length is >= 0 and <= MostPayload;
    }

    /// <summary>Whether header and payload are as they were written, to this offset.</summary>
    public bool IsIntact(ReadOnlySpan<byte> frame, long offset) => Crc == CrcOf(offset, frame[..CrcAt], frame.Slice(HeaderBytes, Length));

    private static uint CrcOf(long offset, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        Span<byte> place = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(place, offset);
        return Crc32C.Of(payload, Crc32C.Of(header, Crc32C.Of(place)));
    }
}
