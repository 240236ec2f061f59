using System.Buffers.Binary;
using System.Numerics;

namespace AkkaAio.Persistence.Format;

/// <summary>
/// The first block of a segment. Numbers are little-endian:
/// <code>
///   0  8  "AkkaAioL"                         64  8  bytes of the segment: header and batches
///   8  2  version, 1                         72  8  number of the first batch
///  10  2  kind                               80  8  ordering of the first record
///  12  4  CRC-32C of 4096 bytes, own as 0   88  8  created, UTC ticks
///  16  4  bytes of a block                   96  8  number of the segment before, 0 for none
///  20  4  features that a reader must know  104  8  where that one's batches end
///  24  4  features that a writer must know  112  4  CRC of that one's last batch
///  28  4  features that say something only  120  8  number of the oldest segment then
///  32 16  the store's id (RFC 4122)
///  48  8  number of the segment, from 1         128     zeros
///  56  8  epoch of its first batch
/// </code>
/// The zeros are under the checksum too: a later feature has its fields there, and a reader that may pass over it can still tell that they
/// are intact.
/// </summary>
internal readonly record struct SegmentHeader
{
    /// <summary>Bytes that are read and are under the checksum, whatever the block; behind the fields they are zeros.</summary>
    public const int Size = 4096;

    public const int Version = 1;

    private const int LargestBlock = 1 << 20;
    private const ulong Magic = 0x4C6F6941616B6B41; // "AkkaAioL"
    private const int CrcAt = 12;

    public required LogKind Kind { get; init; }

    public required int BlockSize { get; init; }

    public uint ReaderFeatures { get; init; }

    public uint WriterFeatures { get; init; }

    public uint OtherFeatures { get; init; }

    public required Guid Store { get; init; }

    public required long Number { get; init; }

    public required long Epoch { get; init; }

    public required long SegmentSize { get; init; }

    public required long FirstBatch { get; init; }

    public required long FirstOrdering { get; init; }

    public required long CreatedTicks { get; init; }

    public required long PreviousNumber { get; init; }

    public required long PreviousEnd { get; init; }

    public required uint PreviousCrc { get; init; }

    /// <summary>The oldest segment that was not given back when this one was begun; 0: it is not said.</summary>
    public long Oldest { get; init; }

    /// <summary>Fills a whole block.</summary>
    public void Write(Span<byte> block)
    {
        block.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(block, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(block[8..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(block[10..], (ushort)Kind);
        BinaryPrimitives.WriteInt32LittleEndian(block[16..], BlockSize);
        BinaryPrimitives.WriteUInt32LittleEndian(block[20..], ReaderFeatures);
        BinaryPrimitives.WriteUInt32LittleEndian(block[24..], WriterFeatures);
        BinaryPrimitives.WriteUInt32LittleEndian(block[28..], OtherFeatures);
        Store.TryWriteBytes(block[32..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(block[48..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(block[56..], Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(block[64..], SegmentSize);
        BinaryPrimitives.WriteInt64LittleEndian(block[72..], FirstBatch);
        BinaryPrimitives.WriteInt64LittleEndian(block[80..], FirstOrdering);
        BinaryPrimitives.WriteInt64LittleEndian(block[88..], CreatedTicks);
        BinaryPrimitives.WriteInt64LittleEndian(block[96..], PreviousNumber);
        BinaryPrimitives.WriteInt64LittleEndian(block[104..], PreviousEnd);
        BinaryPrimitives.WriteUInt32LittleEndian(block[112..], PreviousCrc);
        BinaryPrimitives.WriteInt64LittleEndian(block[120..], Oldest);
        BinaryPrimitives.WriteUInt32LittleEndian(block[CrcAt..], Crc32C.Around(block[..Size], CrcAt));
    }

    /// <summary>The header at the start of a segment.</summary>
    /// <param name="block">Its first <see cref="Size"/> bytes at least.</param>
    /// <param name="path">For the error.</param>
    /// <returns>Null: there is none, as in a segment that was made ready and has not begun, or it is damaged.</returns>
    /// <exception cref="AioLogVersionException">
    /// It is of a version, or has a feature, that a reader must know and this code does not.
    /// </exception>
    public static SegmentHeader? Read(ReadOnlySpan<byte> block, string path)
    {
        if (block.Length < Size || BinaryPrimitives.ReadUInt64LittleEndian(block) != Magic)
        {
            return null;
        }

        // Before the checksum: a later version may have it elsewhere.
        var version = BinaryPrimitives.ReadUInt16LittleEndian(block[8..]);
        if (version != Version)
        {
            throw new AioLogVersionException(path, version, 0);
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(block[CrcAt..]) != Crc32C.Around(block[..Size], CrcAt))
        {
            return null;
        }

        var header = new SegmentHeader
        {
            Kind = (LogKind)BinaryPrimitives.ReadUInt16LittleEndian(block[10..]),
            BlockSize = BinaryPrimitives.ReadInt32LittleEndian(block[16..]),
            ReaderFeatures = BinaryPrimitives.ReadUInt32LittleEndian(block[20..]),
            WriterFeatures = BinaryPrimitives.ReadUInt32LittleEndian(block[24..]),
            OtherFeatures = BinaryPrimitives.ReadUInt32LittleEndian(block[28..]),
            Store = new Guid(block.Slice(32, 16), bigEndian: true),
            Number = BinaryPrimitives.ReadInt64LittleEndian(block[48..]),
            Epoch = BinaryPrimitives.ReadInt64LittleEndian(block[56..]),
            SegmentSize = BinaryPrimitives.ReadInt64LittleEndian(block[64..]),
            FirstBatch = BinaryPrimitives.ReadInt64LittleEndian(block[72..]),
            FirstOrdering = BinaryPrimitives.ReadInt64LittleEndian(block[80..]),
            CreatedTicks = BinaryPrimitives.ReadInt64LittleEndian(block[88..]),
            PreviousNumber = BinaryPrimitives.ReadInt64LittleEndian(block[96..]),
            PreviousEnd = BinaryPrimitives.ReadInt64LittleEndian(block[104..]),
            PreviousCrc = BinaryPrimitives.ReadUInt32LittleEndian(block[112..]),
            Oldest = BinaryPrimitives.ReadInt64LittleEndian(block[120..]),
        };
        LogFeatures.Check(path, header.ReaderFeatures, LogFeatures.KnownToReaders);
        return BitOperations.IsPow2(header.BlockSize) && header.BlockSize is >= Size and <= LargestBlock &&
               header.SegmentSize > header.BlockSize
            ? header
            : null;
    }
}

/// <summary>What a log is of.</summary>
internal enum LogKind : ushort
{
    /// <summary>Events and tombstones; or the records of an <c>AioLog</c> without Akka.Persistence.</summary>
    Events = 1,

    Snapshots = 2,
}
