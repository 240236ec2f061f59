using System.Buffers.Binary;

namespace AkkaAio.Persistence.Format;

/// <summary>
/// The first bytes of a batch, which begins on a block and ends with zeros up to a block. It is written once, by one writer. Numbers are
/// little-endian:
/// <code>
///   0  4  "ALB1"                                     32  8  number of the last batch that was durable when this one was encoded
///   4  4  CRC-32C of the batch, these four as 0      40  8  ordering of its first record; the next ones count on
///   8  4  bytes with padding, a multiple of a block  48  4  records
///  12  4  bytes in use                               52  4  CRC of the batch before, also across segments
///  16  8  epoch                                      56  8  when it was encoded, UTC ticks
///  24  8  number of the batch
/// </code>
/// The chain (52) makes what a torn batch has left behind the end no part of what is written there later. Number 32 tells a torn tail from
/// a damaged middle: a batch that a later one calls durable was there.
/// </summary>
internal readonly record struct BatchHeader
{
    public const int Size = 64;

    /// <summary>What a batch with one AtomicWrite of the most bytes may take; more is no batch but garbage.</summary>
    public const int MostBytes = 128 << 20;

    private const uint Magic = 0x31424C41; // "ALB1"
    private const int CrcAt = 4;

    public uint Crc { get; init; }

    public required int Length { get; init; }

    public required int Used { get; init; }

    public required long Epoch { get; init; }

    public required long Number { get; init; }

    public required long DurableUpTo { get; init; }

    public required long FirstOrdering { get; init; }

    public required int Records { get; init; }

    public required uint PreviousCrc { get; init; }

    public required long Ticks { get; init; }

    /// <summary>Completes a batch whose records are there: header, padding, checksum.</summary>
    /// <param name="batch">The whole batch, with padding.</param>
    /// <returns>The checksum, which the next batch carries.</returns>
    public uint Seal(Span<byte> batch)
    {
        batch[Used..].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(batch, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(batch[CrcAt..], 0);
        BinaryPrimitives.WriteInt32LittleEndian(batch[8..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(batch[12..], Used);
        BinaryPrimitives.WriteInt64LittleEndian(batch[16..], Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(batch[24..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(batch[32..], DurableUpTo);
        BinaryPrimitives.WriteInt64LittleEndian(batch[40..], FirstOrdering);
        BinaryPrimitives.WriteInt32LittleEndian(batch[48..], Records);
        BinaryPrimitives.WriteUInt32LittleEndian(batch[52..], PreviousCrc);
        BinaryPrimitives.WriteInt64LittleEndian(batch[56..], Ticks);
        var crc = Crc32C.Of(batch);
        BinaryPrimitives.WriteUInt32LittleEndian(batch[CrcAt..], crc);
        return crc;
    }

    /// <summary>The header at the start of a block, as far as it can be one: its checksum is not looked at.</summary>
    public static bool TryRead(ReadOnlySpan<byte> block, int blockSize, out BatchHeader header)
    {
        header = default;
        if (block.Length < Size || BinaryPrimitives.ReadUInt32LittleEndian(block) != Magic)
        {
            return false;
        }

        header = new BatchHeader
        {
            Crc = BinaryPrimitives.ReadUInt32LittleEndian(block[CrcAt..]),
            Length = BinaryPrimitives.ReadInt32LittleEndian(block[8..]),
            Used = BinaryPrimitives.ReadInt32LittleEndian(block[12..]),
            Epoch = BinaryPrimitives.ReadInt64LittleEndian(block[16..]),
            Number = BinaryPrimitives.ReadInt64LittleEndian(block[24..]),
            DurableUpTo = BinaryPrimitives.ReadInt64LittleEndian(block[32..]),
            FirstOrdering = BinaryPrimitives.ReadInt64LittleEndian(block[40..]),
            Records = BinaryPrimitives.ReadInt32LittleEndian(block[48..]),
            PreviousCrc = BinaryPrimitives.ReadUInt32LittleEndian(block[52..]),
            Ticks = BinaryPrimitives.ReadInt64LittleEndian(block[56..]),
        };
        return header.Length is > 0 and <= MostBytes && header.Length % blockSize == 0 &&
               header.Used >= Size && header.Used <= header.Length && header.Length - header.Used < blockSize && header.Records >= 0;
    }

    /// <summary>The checksum of the first block of a batch, its own field as 0.</summary>
    public static uint CrcOfStart(ReadOnlySpan<byte> block) => Crc32C.Around(block, CrcAt);

    /// <summary>Whether a whole batch is what was written.</summary>
    public bool IsIntact(ReadOnlySpan<byte> batch) => batch.Length == Length && Crc32C.Around(batch, CrcAt) == Crc;
}
