namespace AkkaAio.Persistence.Format;

/// <summary>
/// Unsigned numbers of 7 bits a byte, the lowest first; the high bit says that another byte follows (LEB128). At most 10 bytes.
/// </summary>
internal static class Varint
{
    public const int Most = 10;

    public static void Write(Span<byte> bytes, ref int at, ulong value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            bytes[at++] = (byte)(value | 0x80);
        }

        bytes[at++] = (byte)value;
    }

    /// <exception cref="InvalidDataException">It is no number, or does not end.</exception>
    public static ulong Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= bytes.Length)
            {
                break;
            }

            var next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next <= 0x7F)
            {
                return value;
            }
        }

        throw new InvalidDataException($"no variable-length number ends at byte {at} of {bytes.Length}");
    }
}
