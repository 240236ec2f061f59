using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>
/// Finds out what a log holds, from its segments alone. It ends at the first batch that does not fit: what a crash tore, unless a later batch
/// says that it was durable. Segments behind the end become spares. When it is done, all that it visited is on stable storage.
/// </summary>
internal sealed class LogRecovery(LogFiles files)
{
    /// <exception cref="AioLogCorruptionException">What was durable is damaged.</exception>
    /// <exception cref="AioLogVersionException">A later version wrote it.</exception>
    /// <exception cref="AioLogForeignException">A segment is another log's.</exception>
    /// <exception cref="AioSystemException">The disk failed.</exception>
    public async Task<LogPosition> RunAsync(BatchVisitor visit)
    {
        Segment? last = null;
        var end = new LogEnd(0, 0, 1, 1, 0);
        var numbers = files.Folder.Segments();
        var next = 0;
        try
        {
            for (; next < numbers.Length; next++)
            {
                var file = await files.Aio.OpenAsync(files.Folder.PathOf(numbers[next]), files.Open).ConfigureAwait(false);
                var header = await ReadHeaderAsync(file, numbers[next]).ConfigureAwait(false);
                if (header is null || !Follows(header.Value, last, end))
                {
                    await file.DisposeAsync().ConfigureAwait(false);
                    break;
                }

                await CloseAsync(last).ConfigureAwait(false);
                if (last is null)
                {
                    end = new LogEnd(0, 0, header.Value.FirstBatch, header.Value.FirstOrdering, header.Value.PreviousCrc);
                }

                last = new Segment(file, header.Value, 0);
                end = await new SegmentScan(file, header.Value.Number, header.Value.BlockSize).RunAsync(end with { Offset = header.Value.BlockSize }, long.MaxValue, visit)
                    .ConfigureAwait(false);
                last.End = end.Offset;
            }

            await RefuseDamageAsync(last, end, numbers[next..]).ConfigureAwait(false);
            foreach (var stale in numbers[next..])
            {
                await files.Aio.RenameAsync(files.Folder.PathOf(stale), files.Folder.PathOfSpare(stale)).ConfigureAwait(false);
            }

            if (last is not null)
            {
                await last.File.FlushAsync().ConfigureAwait(false); // what a killed process wrote may be in the disk's cache only
            }

            return new LogPosition(last, end);
        }
        catch
        {
            await CloseAsync(last).ConfigureAwait(false);
            throw;
        }
    }

    private static ValueTask CloseAsync(Segment? segment) => segment?.File.DisposeAsync() ?? default;

    private static bool Follows(in SegmentHeader header, Segment? last, in LogEnd end) =>
        last is null || (header.PreviousNumber == last.Number && header.PreviousEnd == end.Offset && header.PreviousCrc == end.LastCrc &&
                         header.FirstBatch == end.NextBatch && header.Epoch >= end.Epoch);

    // Null: it was made ready and has not begun.
    private async Task<SegmentHeader?> ReadHeaderAsync(AioFile file, long number)
    {
        using var block = await file.RentReadAsync(0, files.Settings.BlockBytes).ConfigureAwait(false);
        if (block.Length < SegmentHeader.Size || SegmentHeader.Read(block.GetSpan(), file.Path) is not { } header || header.Number != number)
        {
            return null;
        }

        return header.Store == files.Settings.Store && header.Kind == files.Settings.Kind
            ? header
            : throw new AioLogForeignException(file.Path, $"{header.Kind} of store {header.Store}", $"{files.Settings.Kind} of store {files.Settings.Store}");
    }

    private async Task RefuseDamageAsync(Segment? last, LogEnd end, long[] later)
    {
        var witness = last is null ? null : await new SegmentScan(last.File, last.Number, last.Header.BlockSize).FindWitnessAsync(end.Offset, end.NextBatch).ConfigureAwait(false);
        var path = last?.File.Path;
        foreach (var number in later)
        {
            if (witness is not null)
            {
                break;
            }

            await using var file = await files.Aio.OpenAsync(path = files.Folder.PathOf(number), files.Open).ConfigureAwait(false);
            witness = await new SegmentScan(file, number, files.Settings.BlockBytes).FindWitnessAsync(0, end.NextBatch).ConfigureAwait(false);
        }

        if (witness is { } at)
        {
            throw new AioLogCorruptionException(
                last?.File.Path ?? files.Folder.Path, end.Offset, end.NextBatch, $"a later batch, at offset {at} of {path}, says that it was durable");
        }
    }
}
