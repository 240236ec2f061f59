using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace AkkaAio.Persistence.Format;

/// <summary>CRC-32C (Castagnoli, RFC 3720), by the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    private const uint Polynomial = 0x82F63B78; // reflected

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

    /// <summary>
    /// What a checksum becomes by bytes behind it, without them: the checksum of A and then B is that of A, shifted by B's length,
    /// exclusive or that of B.
    /// </summary>
    /// <param name="crc">The checksum; or the exclusive or of two of them.</param>
    /// <param name="bytes">How many come behind.</param>
    public static uint Shift(uint crc, long bytes)
    {
        // A multiplication by x to the power of 8 for each byte: by squares, as zlib's crc32_combine does it.
        var power = 0x0080_0000u; // x^8, the highest power in the lowest bit
        for (; bytes > 0; bytes >>= 1, power = Multiply(power, power))
        {
            crc = (bytes & 1) == 0 ? crc : Multiply(crc, power);
        }

        return crc;
    }

    private static uint Multiply(uint a, uint b)
    {
        var product = 0u;
        for (; a != 0; a <<= 1, b = (b >> 1) ^ ((b & 1) * Polynomial))
        {
            product ^= (a >> 31) * b;
        }

        return product;
    }
}
