using System.Buffers.Binary;
using Google.Protobuf;

namespace AkkaAio.Cluster.Protocol;

/// <summary>
/// Reads a Chunk without a copy of its data, where it is as we write it: field 1, the data, then field 2, the checksum. Anything else goes
/// to protobuf's own parser, which copies: worth 0.1 of a stream's rate.
/// </summary>
internal static class ChunkParser
{
    private const byte DataTag = (1 << 3) | 2; // length-delimited
    private const byte CrcTag = (2 << 3) | 5; // 32 bits
    private const int CrcBytes = 1 + sizeof(uint);

    /// <param name="bytes">Nobody else's from now on.</param>
    public static Wire.Chunk Parse(byte[] bytes)
    {
        if (bytes.Length > CrcBytes && bytes[0] == DataTag && bytes[^CrcBytes] == CrcTag)
        {
            var (length, at, shift) = (0L, 1, 0);
            while (at < bytes.Length && shift < 35)
            {
                length |= (long)(bytes[at] & 0x7F) << shift;
                shift += 7;
                if (bytes[at++] < 0x80)
                {
                    break;
                }
            }

            if (at + length + CrcBytes == bytes.Length)
            {
                return new Wire.Chunk
                {
                    Data = UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(at, (int)length)),
                    Crc32C = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - sizeof(uint))),
                };
            }
        }

        return Wire.Chunk.Parser.ParseFrom(bytes);
    }
}
