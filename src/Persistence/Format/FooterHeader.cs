using System.Buffers.Binary;

namespace AkkaAio.Persistence.Format;

/// <summary>
/// The first block of a footer, which begins where the segment's own size ends, or its last batch if that is behind it. It is the index of
/// a sealed segment, made from its batches, and made again where it is missing or damaged. Numbers are little-endian:
/// <code>
///   0  8  "AkkaAioF"                          40  4  pages
///   8  4  CRC-32C of these 64, own as 0       44  4  CRC-32C of the table of first hashes
///  12  4  version, 1                          48  4  CRC of the segment's last batch
///  16  8  number of the segment               52     zeros
///  24  8  where its batches end
///  32  8  persistence ids
/// </code>
/// Behind the block come the pages, of 4096 bytes each, and then the first hash (its high 8 bytes) of each page, in whole blocks.
/// </summary>
internal readonly record struct FooterHeader(long Segment, long End, long Ids, int Pages, uint HashesCrc, uint LastCrc)
{
    public const int Size = 64;

    private const ulong Magic = 0x466F6941616B6B41; // "AkkaAioF"
    private const int Version = 1;
    private const int CrcAt = 8;

    public void Write(Span<byte> block)
    {
        block.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(block, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(block[12..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], Segment);
        BinaryPrimitives.WriteInt64LittleEndian(block[24..], End);
        BinaryPrimitives.WriteInt64LittleEndian(block[32..], Ids);
        BinaryPrimitives.WriteInt32LittleEndian(block[40..], Pages);
        BinaryPrimitives.WriteUInt32LittleEndian(block[44..], HashesCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(block[48..], LastCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(block[CrcAt..], Crc32C.Around(block[..Size], CrcAt));
    }

    /// <returns>Null: there is none, or a damaged one, or one of another version: the batches say the same.</returns>
    public static FooterHeader? Read(ReadOnlySpan<byte> block) =>
        block.Length >= Size && BinaryPrimitives.ReadUInt64LittleEndian(block) == Magic &&
        BinaryPrimitives.ReadInt32LittleEndian(block[12..]) == Version &&
        BinaryPrimitives.ReadUInt32LittleEndian(block[CrcAt..]) == Crc32C.Around(block[..Size], CrcAt)
            ? new FooterHeader(
                BinaryPrimitives.ReadInt64LittleEndian(block[16..]),
                BinaryPrimitives.ReadInt64LittleEndian(block[24..]),
                BinaryPrimitives.ReadInt64LittleEndian(block[32..]),
                BinaryPrimitives.ReadInt32LittleEndian(block[40..]),
                BinaryPrimitives.ReadUInt32LittleEndian(block[44..]),
                BinaryPrimitives.ReadUInt32LittleEndian(block[48..]))
            : null;
}
