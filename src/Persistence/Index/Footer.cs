using System.Runtime.InteropServices;
using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Index;

/// <summary>The index of a sealed segment on the disk. In memory: 8 bytes a page of 4096.</summary>
internal sealed class Footer
{
    private const int PagesOfARead = 64;

    // An id with events in one page is the usual one. Of one with many, a page at a time would wait for the disk each 300 events.
    private const int PagesOfALongId = 16;

    private readonly ulong[] _firstHashes;
    private readonly long _pagesAt;

    private Footer(FooterHeader header, ulong[] firstHashes, long pagesAt) =>
        (Header, _firstHashes, _pagesAt) = (header, firstHashes, pagesAt);

    public FooterHeader Header { get; }

    /// <summary>Where a segment's footer begins.</summary>
    public static long StartOf(in SegmentHeader header, long end) => Math.Max(header.SegmentSize, end);

    /// <summary>The footer of a segment.</summary>
    /// <returns>Null: there is none that can be used.</returns>
    public static async Task<Footer?> ReadAsync(AioFile file, SegmentHeader segment)
    {
        var start = await FindStartAsync(file, segment).ConfigureAwait(false);
        using var block = await file.RentReadAsync(start, segment.BlockSize).ConfigureAwait(false);
        if (FooterHeader.Read(block.GetSpan()) is not { } header || header.Segment != segment.Number)
        {
            return null;
        }

        // A right checksum does not make the count possible: allocate no more than the file can hold.
        var pagesAt = start + segment.BlockSize;
        var tableAt = pagesAt + RoundUp((long)header.Pages * FooterPage.Size, segment.BlockSize);
        var length = RoundUp((long)header.Pages * sizeof(ulong), segment.BlockSize);
        if (header.Pages < 0 || header.Ids < 0 || header.Ids > (long)header.Pages * FooterPage.MostEntries || length > Array.MaxLength ||
            tableAt + length > file.Length)
        {
            return null;
        }

        var table = new byte[length];
        var count = await file.ReadAsync(table, tableAt).ConfigureAwait(false);
        return count == table.Length && Crc32C.Of(table) == header.HashesCrc
            ? new Footer(header, MemoryMarshal.Cast<byte, ulong>(table)[..header.Pages].ToArray(), pagesAt)
            : null;
    }

    /// <summary>Says that a footer cannot be used, and why.</summary>
    public static AioLogCorruptionException Damaged(AioFile file, long offset, string reason = "the segment's footer is damaged") =>
        new(file.Path, offset, 0, $"{reason}; a restart of the store makes it again");

    // Only a segment with one batch, longer than all the segment, ends behind its size.
    private static async Task<long> FindStartAsync(AioFile file, SegmentHeader segment)
    {
        using var block = await file.RentReadAsync(segment.BlockSize, BatchHeader.Size).ConfigureAwait(false);
        return StartOf(
            segment, BatchHeader.TryRead(block.GetSpan(), segment.BlockSize, out var first) ? segment.BlockSize + first.Length : 0);
    }

    /// <summary>Tells each entry, ascending by hash.</summary>
    /// <exception cref="AioLogCorruptionException">A page is damaged.</exception>
    public async Task VisitAsync(AioFile file, FooterVisitor visit)
    {
        for (var page = 0; page < Header.Pages; page += PagesOfARead)
        {
            await VisitAsync(file, page, Math.Min(PagesOfARead, Header.Pages - page), (in FooterPage.Reader entry) =>
            {
                visit(entry);
                return true;
            }).ConfigureAwait(false);
        }
    }

    /// <summary>The segment before this one with a record of an id, and the lowest sequence number of its events here.</summary>
    /// <returns>Previous 0: none; First 0: it has no event here.</returns>
    /// <exception cref="AioLogCorruptionException">A page is damaged.</exception>
    public async Task<(int Previous, long First)> FindFirstAsync(AioFile file, UInt128 hash)
    {
        var found = (Previous: 0, First: 0L);
        var goesOn = true;
        for (var page = FirstPage(hash); goesOn && page < Header.Pages; page++)
        {
            goesOn = await VisitAsync(file, page, 1, (in FooterPage.Reader reader) =>
            {
                if (reader.Hash == hash)
                {
                    found = (reader.PreviousSegment, reader.Events.Count > 0 ? reader.Events[0].SequenceNr : 0);
                }

                return reader.Hash < hash;
            }).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>The events of an id in a range of sequence numbers, ascending, some pages at a time.</summary>
    /// <param name="file">The segment.</param>
    /// <param name="hash">Of the id.</param>
    /// <param name="from">The lowest sequence number.</param>
    /// <param name="to">The highest sequence number.</param>
    /// <param name="handle">Takes those of some pages. False: no more are wanted.</param>
    /// <exception cref="AioLogCorruptionException">A page is damaged.</exception>
    public async Task FindAsync(AioFile file, UInt128 hash, long from, long to, Func<List<EventPlace>, Task<bool>> handle)
    {
        var count = 1;
        for (var page = FirstPage(hash); page < Header.Pages; page += count, count = PagesOfALongId)
        {
            count = Math.Min(count, Header.Pages - page);
            var (places, goesOn) = await ReadAsync(file, page, count, hash, from, to).ConfigureAwait(false);
            if ((places.Count > 0 && !await handle(places).ConfigureAwait(false)) || !goesOn)
            {
                return;
            }
        }
    }

    private async Task<(List<EventPlace> Places, bool GoesOn)> ReadAsync(
        AioFile file, int page, int count, UInt128 hash, long from, long to)
    {
        var places = new List<EventPlace>();
        var goesOn = await VisitAsync(file, page, count, (in FooterPage.Reader reader) =>
        {
            if (reader.Hash == hash)
            {
                places.AddRange(reader.Events.Where(place => place.SequenceNr >= from && place.SequenceNr <= to));
            }

            return reader.Hash <= hash;
        }).ConfigureAwait(false);
        return (places, goesOn && (places.Count == 0 || places[^1].SequenceNr < to));
    }

    // Tells the entries of some pages until no more are wanted.
    private async Task<bool> VisitAsync(AioFile file, int page, int count, FooterPredicate visit)
    {
        var at = _pagesAt + ((long)page * FooterPage.Size);
        using var pages = await file.RentReadAsync(at, count * FooterPage.Size).ConfigureAwait(false);
        try
        {
            for (var start = 0; start < count * FooterPage.Size; start += FooterPage.Size, at += FooterPage.Size)
            {
                var reader = FooterPage.Read(pages.GetSpan()[Math.Min(start, pages.Length)..]);
                while (reader.Next())
                {
                    if (reader.PreviousSegment >= Header.Segment)
                    {
                        throw new InvalidDataException("it is its own predecessor");
                    }

                    if (!visit(reader))
                    {
                        return false;
                    }
                }
            }

            return true;
        }
        catch (InvalidDataException e)
        {
            throw Damaged(file, at, e.Message);
        }
    }

    // The page before the first whose hash is not lower: the id may have begun in it.
    private int FirstPage(UInt128 hash)
    {
        var (low, high, wanted) = (0, _firstHashes.Length, (ulong)(hash >> 64));
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _firstHashes[middle] < wanted ? (middle + 1, high) : (low, middle);
        }

        return Math.Max(0, low - 1);
    }

    public static long RoundUp(long bytes, int block) => (bytes + block - 1) / block * block;
}

/// <summary>Takes an entry of a footer.</summary>
internal delegate void FooterVisitor(in FooterPage.Reader entry);

/// <summary>Takes an entry of a footer. False: no more are wanted.</summary>
internal delegate bool FooterPredicate(in FooterPage.Reader entry);
