using System.Numerics;
using System.Runtime.InteropServices;

namespace AkkaAio.Cluster.Logs;

/// <summary>CRC-32C (Castagnoli), by the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> data, uint seed = 0)
    {
        var crc = ~seed;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(data))
        {
            crc = BitOperations.Crc32C(
                crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var value in data[(data.Length & ~7)..])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
