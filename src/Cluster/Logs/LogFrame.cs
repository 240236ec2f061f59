using System.Buffers.Binary;

namespace AkkaAio.Cluster.Logs;

/// <summary>
/// One append of a log file:
/// <code>
///  0 magic "AIOL"   4 length of the payload   8 epoch of the owner   16 the client   32 CRC-32C of bytes 0 to 31 and the payload   36 payload
/// </code>
/// Numbers are little-endian. A reader skips a frame whose epoch is lower than that of one before it: a writer that had been replaced.
/// </summary>
internal readonly record struct LogFrame(int Length, ulong Epoch, Guid Writer, uint Crc)
{
    public const int HeaderBytes = 36;

    private const uint Magic = 0x4C4F4941;
    private const int CrcAt = 32;

    /// <summary>The longest payload, whatever max-transfer is now: a log may have been written with another.</summary>
    public const int MostPayload = 96 << 10;

    /// <summary>Bytes that a payload takes in the file.</summary>
    public static int SizeOf(int payload) => HeaderBytes + payload;

    /// <summary>Writes a whole frame.</summary>
    public static void Write(Span<byte> frame, ulong epoch, Guid writer, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(frame[4..], payload.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[8..], epoch);
        writer.TryWriteBytes(frame[16..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[CrcAt..], Crc32C.Of(payload, Crc32C.Of(frame[..CrcAt])));
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
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcAt..]));
        return length is >= 0 and <= MostPayload;
    }

    /// <summary>Whether header and payload are as they were written.</summary>
    public bool IsIntact(ReadOnlySpan<byte> frame) =>
        Crc == Crc32C.Of(frame.Slice(HeaderBytes, Length), Crc32C.Of(frame[..CrcAt]));
}
