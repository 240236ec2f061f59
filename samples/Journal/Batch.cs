using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace AkkaAio.Samples.Journal;

/// <summary>
/// A batch of records, in whole blocks, so that no block is written twice: checksum (4 bytes), bytes that it covers (4), number of the
/// first record (8), of each record length (4, never 0) and data, then zeros. The checksum, CRC-32C of the rest, begins with that of the
/// batch before, so that what a torn batch has left behind the end never fits what is written there later.
/// </summary>
internal static class Batch
{
    public const int Block = 4096; // what every device can write with direct I/O
    public const int MostBytes = 1 << 20;
    private const int HeaderBytes = 16;

    public static int LengthOf(int records, long bytes) => BlocksOf(HeaderBytes + (4 * records) + bytes);

    public static uint Write(Span<byte> batch, uint before, long number, IEnumerable<byte[]> records)
    {
        batch.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(batch[8..], number);
        var end = HeaderBytes;
        foreach (var record in records)
        {
            BinaryPrimitives.WriteInt32LittleEndian(batch[end..], record.Length);
            record.CopyTo(batch[(end + 4)..]);
            end += 4 + record.Length;
        }

        end = (end + 7) / 8 * 8; // the checksum goes by words
        BinaryPrimitives.WriteInt32LittleEndian(batch[4..], end);
        var checksum = Checksum(batch[..end], before);
        BinaryPrimitives.WriteUInt32LittleEndian(batch, checksum);
        return checksum;
    }

    public static int ReadLength(ReadOnlySpan<byte> block, long number) =>
        block.Length == Block && BinaryPrimitives.ReadInt32LittleEndian(block[4..]) is > HeaderBytes and <= MostBytes and var end &&
        end % 8 == 0 && BinaryPrimitives.ReadInt64LittleEndian(block[8..]) == number ? BlocksOf(end) : 0;

    public static bool Read(ReadOnlySpan<byte> batch, ref uint checksum, ref long number, RecordFound found)
    {
        batch = batch[..BinaryPrimitives.ReadInt32LittleEndian(batch[4..])];
        if (Checksum(batch, checksum) is var its && its != BinaryPrimitives.ReadUInt32LittleEndian(batch))
        {
            return false;
        }

        checksum = its; // only now: a torn batch is not what the next one goes behind
        for (var rest = batch[HeaderBytes..]; rest.Length > 4 && BinaryPrimitives.ReadInt32LittleEndian(rest) is > 0 and var length;)
        {
            found(number++, rest.Slice(4, length));
            rest = rest[(4 + length)..];
        }

        return true;
    }

    private static int BlocksOf(long bytes) => (int)((bytes + Block - 1) / Block * Block);

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

/// <summary>A record that the log has.</summary>
internal delegate void RecordFound(long number, ReadOnlySpan<byte> record);

/// <summary>
/// Where a log ends: at its beginning before any of it has been read, and then behind the batches that <see cref="Take"/> was given. It
/// does no I/O itself, so that the same code recovers a log that an actor awaits and one that a test has in memory.
/// </summary>
internal sealed class LogEnd
{
    private long _next;
    private uint _checksum; // of the last batch

    /// <summary>Where the next batch is, or goes.</summary>
    public long Offset { get; private set; }

    /// <summary>Number of the next record.</summary>
    public long Next => _next;

    /// <summary>How long the next batch is, by its first block; 0: there is none.</summary>
    public int LengthOfNext(ReadOnlySpan<byte> block) => Batch.ReadLength(block, _next);

    /// <summary>Goes behind a batch. False for zeros and for a torn one, which was not acknowledged: the log ends here.</summary>
    public bool Take(ReadOnlySpan<byte> batch, int length, RecordFound found)
    {
        if (length == 0 || batch.Length < length || !Batch.Read(batch, ref _checksum, ref _next, found))
        {
            return false;
        }

        Offset += length;
        return true;
    }

    /// <summary>Makes the next batch.</summary>
    public void Write(Span<byte> batch, IReadOnlyCollection<byte[]> records)
    {
        _checksum = Batch.Write(batch, _checksum, _next, records);
        _next += records.Count;
        Offset += batch.Length;
    }
}
