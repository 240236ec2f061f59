using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>
/// Finds out what a log holds, from its segments alone. It ends at the first batch that does not fit: what a crash tore, unless a later
/// batch says that it was durable. Segments behind the end become spares. When it is done, all that it visited is on stable storage.
/// </summary>
internal sealed class LogRecovery(LogFiles files, ILogVisitor visitor)
{
    /// <exception cref="AioLogCorruptionException">What was durable is damaged.</exception>
    /// <exception cref="AioLogVersionException">A later version wrote it.</exception>
    /// <exception cref="AioLogForeignException">A segment is another log's.</exception>
    /// <exception cref="AioSystemException">The disk failed.</exception>
    public async Task<LogPosition> RunAsync()
    {
        var numbers = files.Folder.Segments();
        var (last, end, count) = (default(Segment), new LogEnd(0, 0, 1, 1, 0), 0);
        Segment? next = null;
        try
        {
            next = numbers.Length > 0 ? await OpenAsync(numbers[0]).ConfigureAwait(false) : null;
            while (next is not null && (last is null || Follows(next.Header, last.Number, end)))
            {
                end = last is null ? StartOf(next.Header) : end;
                await CloseAsync(last).ConfigureAwait(false);
                (last, next) = (next, null);
                count++;
                next = count < numbers.Length ? await OpenAsync(numbers[count]).ConfigureAwait(false) : null;
                end = await ReadAsync(last, end with { Offset = last.Header.BlockSize }, next?.Header).ConfigureAwait(false);
            }

            await CloseAsync(next).ConfigureAwait(false);
            next = null;
            await RefuseDamageAsync(last, end, numbers[count..]).ConfigureAwait(false);
            RefuseMissing(numbers, last);
            foreach (var stale in numbers[count..].Reverse()) // none in the middle is missing if a crash comes
            {
                await files.Aio.RenameAsync(files.Folder.PathOf(stale), files.Folder.PathOfSpare(stale)).ConfigureAwait(false);
            }

            if (last is not null)
            {
                await last.File.FlushAsync().ConfigureAwait(false); // what a killed process wrote may be in the disk's cache only
            }

            return new LogPosition(last, end, last is null ? 0 : numbers[0]);
        }
        catch
        {
            await CloseAsync(last).ConfigureAwait(false);
            await CloseAsync(next).ConfigureAwait(false);
            throw;
        }
    }

    private static ValueTask CloseAsync(Segment? segment) => segment?.File.DisposeAsync() ?? default;

    private static LogEnd StartOf(in SegmentHeader header) => new(0, 0, header.FirstBatch, header.FirstOrdering, header.PreviousCrc);

    private static bool Follows(in SegmentHeader header, long number, in LogEnd end) =>
        header.PreviousNumber == number && header.PreviousEnd == end.Offset && header.PreviousCrc == end.LastCrc &&
        header.FirstBatch == end.NextBatch && header.Epoch >= end.Epoch;

    // Null: it was made ready and has not begun, or its header is damaged.
    private async Task<Segment?> OpenAsync(long number)
    {
        var file = await files.Aio.OpenAsync(files.Folder.PathOf(number), files.Open).ConfigureAwait(false);
        try
        {
            // A segment gets its name when all of it is on the disk.
            RefuseShort(file, SegmentHeader.Size, 0);
            using var block = await file.RentReadAsync(0, files.Settings.BlockBytes).ConfigureAwait(false);
            if (SegmentHeader.Read(block.GetSpan(), file.Path) is { } header && header.Number == number)
            {
                LogFeatures.Check(file.Path, header.WriterFeatures, LogFeatures.KnownToWriters);
                RefuseShort(file, header.SegmentSize, header.FirstBatch);
                return header.Store == files.Settings.Store && header.Kind == files.Settings.Kind
                    ? new Segment(file, header, header.BlockSize)
                    : throw new AioLogForeignException(
                        file.Path, $"{header.Kind} of store {header.Store}", $"{files.Settings.Kind} of store {files.Settings.Store}");
            }
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await file.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    private static void RefuseShort(AioFile file, long least, long batch)
    {
        if (file.Length < least)
        {
            throw new AioLogCorruptionException(file.Path, file.Length, batch, $"the file ends there, and had {least} bytes at least");
        }
    }

    // Where the segment ends. A next one says so too: with it, the segment's footer is enough.
    private async Task<LogEnd> ReadAsync(Segment segment, LogEnd from, SegmentHeader? next)
    {
        if (next is { } header && header.PreviousNumber == segment.Number)
        {
            segment.End = header.PreviousEnd;
            if (await visitor.TryLoadAsync(segment, header.PreviousCrc).ConfigureAwait(false))
            {
                return new LogEnd(header.PreviousEnd, header.Epoch, header.FirstBatch, header.FirstOrdering, header.PreviousCrc);
            }
        }

        var end = await new SegmentScan(segment.File, segment.Number, segment.Header.BlockSize)
            .RunAsync(from, long.MaxValue, visitor.Visit).ConfigureAwait(false);
        segment.End = end.Offset;
        if (next is { } following && Follows(following, segment.Number, end))
        {
            visitor.Sealed(segment, end.LastCrc);
        }

        return end;
    }

    private async Task RefuseDamageAsync(Segment? last, LogEnd end, long[] later)
    {
        if (last is not null &&
            await new SegmentScan(last.File, last.Number, last.Header.BlockSize).FindWitnessAsync(end).ConfigureAwait(false) is { } behind)
        {
            throw Damaged(last.File.Path, end.Offset, behind, last.File.Path);
        }

        string? headless = null;
        foreach (var number in later)
        {
            await using var file = await files.Aio.OpenAsync(files.Folder.PathOf(number), files.Open).ConfigureAwait(false);
            var block = last?.Header.BlockSize ?? files.Settings.BlockBytes;
            headless ??= await HasHeaderAsync(file, number).ConfigureAwait(false) ? null : file.Path;
            if (await new SegmentScan(file, number, block).FindWitnessAsync(end, isOther: true).ConfigureAwait(false) is { } at)
            {
                // Each segment up to this one was written to, and had a header. If all have, what is missing is behind the last batch that
                // was found.
                throw headless is null && last is not null
                    ? Damaged(last.File.Path, end.Offset, at, file.Path)
                    : Damaged(headless ?? files.Folder.PathOf(later[0]), 0, at, file.Path);
            }
        }

        AioLogCorruptionException Damaged(string path, long offset, long witness, string witnessPath) => new(
            path, offset, end.NextBatch,
            $"{(offset == 0 ? "its header is gone; " : "")}a later batch, at offset {witness} of {witnessPath}, says that it was durable");
    }

    // The oldest segments, which no chain holds. The newest header says which there were, and the log which were given back since. A log
    // begins with segment 1: if none has begun, and there is another one, all of the log is gone.
    private void RefuseMissing(long[] numbers, Segment? last)
    {
        var oldest = last is null ? 1 : Math.Max(last.Header.Oldest, visitor.GivenBack + 1);
        if (numbers is [var first, ..] && first > oldest && (last is null or { Header.Oldest: > 0 }))
        {
            throw new AioLogCorruptionException(
                files.Folder.PathOf(oldest), 0, 0,
                $"the file is missing. The log begins with {files.Folder.PathOf(first)}, and what was before that was not all given back");
        }
    }

    private static async Task<bool> HasHeaderAsync(AioFile file, long number)
    {
        using var block = await file.RentReadAsync(0, SegmentHeader.Size).ConfigureAwait(false);
        return SegmentHeader.Read(block.GetSpan(), file.Path)?.Number == number;
    }
}
