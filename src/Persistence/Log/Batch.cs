using System.Diagnostics.CodeAnalysis;
using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>
/// Records that are written together: encoded into one aligned buffer, written once, acknowledged together.
/// <see cref="BatchHeader"/> has the layout.
/// </summary>
/// <typeparam name="TAppend">What the owner of the log remembers of an append until it is durable.</typeparam>
internal sealed class Batch<TAppend>(AioBuffer buffer, int blockSize, long firstOrdering, List<TAppend> appends)
{
    private int _used = BatchHeader.Size;
    private int _answered;

    /// <summary>What to answer when it is durable, or has failed; in the order of the appends.</summary>
    public List<TAppend> Appends => appends;

    /// <summary>The next append to answer. It is taken before it is answered: whatever throws, none is answered twice.</summary>
    public bool TryTakeAppend([MaybeNullWhen(false)] out TAppend append)
    {
        append = _answered < appends.Count ? appends[_answered] : default;
        return _answered++ < appends.Count;
    }

    public int Records { get; private set; }

    /// <summary>Of its first record. It changes when batches before it are not written.</summary>
    public long FirstOrdering { get; set; } = firstOrdering;

    public long NextOrdering => FirstOrdering + Records;

    /// <summary>Its records make room: they may use what is kept for them of a segment, when there is no next one.</summary>
    public bool UsesReserve { get; set; }

    /// <summary>Its bytes in the file.</summary>
    public int Length => (_used + blockSize - 1) / blockSize * blockSize;

    public bool IsEmpty => Records == 0;

    /// <summary>Bytes of memory that it takes, whatever is in it.</summary>
    public int BufferBytes => buffer.Length;

    /// <summary>Its number in the log; 0 until it is written.</summary>
    public long Number { get; private set; }

    /// <summary>The checksum of the batch before.</summary>
    public uint PreviousCrc { get; private set; }

    public Segment? Segment { get; private set; }

    /// <summary>Where it begins in its segment.</summary>
    public long Offset { get; private set; }

    /// <summary>When its write was told, as of Stopwatch.</summary>
    public long StartedAt { get; set; }

    /// <summary>Its own write, and that of its segment's header where it is the first.</summary>
    public int PendingWrites { get; set; }

    /// <summary>Whether records of so many bytes go in as well.</summary>
    public bool HasRoom(long bytes) => _used + bytes <= buffer.Length;

    /// <summary>Where the next record begins in the batch.</summary>
    public int End => _used;

    /// <summary>Adds a record. There must be room.</summary>
    /// <returns>Its ordering: its place among all records of the log.</returns>
    public long Add(in RecordFields record)
    {
        _used += record.Write(buffer.GetSpan()[_used..]);
        return FirstOrdering + Records++;
    }

    /// <summary>Nothing is added any more.</summary>
    /// <returns>The checksum, which the next batch carries.</returns>
    public uint Seal(long number, long epoch, long durableUpTo, uint previousCrc, DateTime now, Segment segment)
    {
        Number = number;
        Segment = segment;
        PreviousCrc = previousCrc;
        Offset = segment.End;
        var header = new BatchHeader
        {
            Length = Length,
            Used = _used,
            Epoch = epoch,
            Number = number,
            DurableUpTo = durableUpTo,
            FirstOrdering = FirstOrdering,
            Records = Records,
            PreviousCrc = previousCrc,
            Ticks = now.Ticks,
        };
        return header.Seal(buffer.GetSpan()[..Length]);
    }

    /// <summary>The bytes to write.</summary>
    public ReadOnlyMemory<byte> Bytes => buffer.Memory[..Length];

    /// <summary>The header of its segment, which is written with it; null: the segment has one.</summary>
    public AioBuffer? SegmentHeader { get; set; }

    /// <summary>Its writes are done, or none was begun.</summary>
    public void Release()
    {
        buffer.Dispose();
        SegmentHeader?.Dispose();
    }
}
