using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace AkkaAio.Samples.Journal;

/// <summary>
/// A batch of records, in whole blocks, so that no block is written twice: checksum (4 bytes), length of the batch (4), number of its
/// first record (8), of each record length (4, never 0) and data, then zeros. The checksum, CRC-32C of the rest, begins with that of the
/// batch before, so that what a torn batch has left behind the end never fits what is written there later.
/// </summary>
internal static class Batch
{
    public const int Block = 4096; // what every device can write with direct I/O
    public const int MostBytes = 1 << 20;
    private const int HeaderBytes = 16;


    public static int LengthOf(int records, long bytes) => (int)((HeaderBytes + (4 * records) + bytes + Block - 1) / Block * Block);

    public static uint Write(Span<byte> batch, uint before, long number, IEnumerable<byte[]> records)
    {
        batch.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(batch[4..], batch.Length);
        BinaryPrimitives.WriteInt64LittleEndian(batch[8..], number);
        var rest = batch[HeaderBytes..];
        foreach (var record in records)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, record.Length);
            record.CopyTo(rest[4..]);
            rest = rest[(4 + record.Length)..];
        }

        var checksum = Checksum(batch, before);
        BinaryPrimitives.WriteUInt32LittleEndian(batch, checksum);
        return checksum;
    }

    public static int ReadLength(ReadOnlySpan<byte> block, long number) =>
        block.Length == Block && BinaryPrimitives.ReadInt32LittleEndian(block[4..]) is > 0 and <= MostBytes and var length &&
        length % Block == 0 && BinaryPrimitives.ReadInt64LittleEndian(block[8..]) == number ? length : 0;

    public static List<byte[]>? Read(ReadOnlySpan<byte> batch, ref uint checksum)
    {
        if (Checksum(batch, checksum) is var found && found != BinaryPrimitives.ReadUInt32LittleEndian(batch))
        {
            return null;
        }

        checksum = found; // only now: a torn batch is not what the next one goes behind
        var records = new List<byte[]>();
        for (var rest = batch[HeaderBytes..]; rest.Length > 4 && BinaryPrimitives.ReadInt32LittleEndian(rest) is > 0 and var length;)
        {
            records.Add(rest.Slice(4, length).ToArray());
            rest = rest[(4 + length)..];
        }

        return records;
    }

    private static uint Checksum(ReadOnlySpan<byte> batch, uint before)
    {
        var checksum = BitOperations.Crc32C(before, BinaryPrimitives.ReadUInt32LittleEndian(batch[4..]));
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(batch[8..]))
        {
            checksum = BitOperations.Crc32C(checksum, word);
        }

        return checksum;
    }
}
