using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace AkkaAio.Persistence.Format;

/// <summary>CRC-32C (Castagnoli, RFC 3720), by the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of some bytes that hold their own checksum in four of them: those count as zeros.</summary>
    /// <param name="data">Longer than <paramref name="own"/> + 4.</param>
    /// <param name="own">Where the checksum is.</param>
    public static uint Around(ReadOnlySpan<byte> data, int own) =>
        Of(data[(own + sizeof(uint))..], Of([0, 0, 0, 0], Of(data[..own])));

    public static uint Of(ReadOnlySpan<byte> data, uint before = 0)
    {
        var crc = ~before;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var value in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
