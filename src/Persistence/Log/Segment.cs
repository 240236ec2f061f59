using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>An open segment, which is or was written to.</summary>
internal sealed class Segment(AioFile file, SegmentHeader header, long end)
{
    public AioFile File => file;

    public SegmentHeader Header => header;

    public long Number => header.Number;

    /// <summary>Where the next batch goes.</summary>
    public long End { get; set; } = end;

    /// <summary>
    /// Whether a batch of some bytes goes in. One that is longer than a segment has one of its own, which becomes longer.
    /// </summary>
    /// <param name="bytes">Of the batch.</param>
    /// <param name="reserve">Bytes that are to be left.</param>
    public bool HasRoom(long bytes, long reserve) => End + bytes + reserve <= header.SegmentSize || End == header.BlockSize;
}
