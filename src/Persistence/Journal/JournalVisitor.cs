using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence.Journal;

/// <summary>Builds a journal's index from what a recovery finds.</summary>
internal sealed class JournalVisitor : ILogVisitor
{
    public JournalIndex Index { get; } = new();

    /// <summary>Sealed segments whose footer was missing or damaged, in their order: it must be written.</summary>
    public List<SealedSegment> WithoutFooter { get; } = [];

    /// <summary>Sealed segments with a footer.</summary>
    public List<long> WithFooter { get; } = [];

    /// <summary>The oldest segment; null: the log is empty.</summary>
    public long? Oldest { get; private set; }

    public long GivenBack => Index.GivenBack;

    public async Task<bool> TryLoadAsync(Segment segment, uint lastCrc)
    {
        var footer = await Footer.ReadAsync(segment.File, segment.Header).ConfigureAwait(false);
        if (footer is null || footer.Header.End != segment.End || footer.Header.LastCrc != lastCrc)
        {
            return false;
        }

        // All of it before any of it counts: a damaged page is found on the way.
        var entries = new List<(UInt128 Hash, long Highest, long DeletedTo)>((int)footer.Header.Ids);
        try
        {
            await footer.VisitAsync(segment.File, (in FooterPage.Reader entry) => entries.Add((entry.Hash, entry.Highest, entry.DeletedTo)))
                .ConfigureAwait(false);
        }
        catch (AioLogCorruptionException)
        {
            return false;
        }

        foreach (var (hash, highest, deletedTo) in entries)
        {
            Index.Add((int)segment.Number, hash, highest, deletedTo);
        }

        Oldest ??= segment.Number;
        WithFooter.Add(segment.Number);
        return true;
    }

    public void Visit(long segment, int block, in BatchHeader header, ReadOnlySpan<byte> batch)
    {
        Oldest ??= segment;
        Index.Add((int)segment, block, header, batch);
    }

    public void Sealed(Segment segment, uint lastCrc) =>
        WithoutFooter.Add(new SealedSegment(segment.Header, segment.End, lastCrc, Index.Seal((int)segment.Number)));
}

/// <summary>A segment that is sealed, and whose footer is not on the disk.</summary>
/// <param name="Header">Its header.</param>
/// <param name="End">Where its batches end.</param>
/// <param name="LastCrc">Checksum of its last batch.</param>
/// <param name="Index">What its footer is made of.</param>
internal sealed record SealedSegment(SegmentHeader Header, long End, uint LastCrc, SealedIndex Index)
{
    public long Number => Header.Number;
}
