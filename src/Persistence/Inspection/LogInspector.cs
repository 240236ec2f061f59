using System.Globalization;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence.Inspection;

/// <summary>What a log holds, and whether it is what was written. Reads only, without the lock: also of a log that is in use.</summary>
/// <param name="aio">Does the reads.</param>
/// <param name="folder">Of the segments.</param>
/// <param name="tell">Takes a line of text for each segment.</param>
internal sealed class LogInspector(AioExt aio, string folder, Action<string> tell)
{
    private static readonly AioOpenOptions ForReading = new() { Priority = AioPriority.Idle };

    private long _givenBack; // the newest segment that was given back, as the batches say

    /// <summary>Problems that were found.</summary>
    public int Problems { get; private set; }

    /// <summary>A line for each segment, from its header and its footer.</summary>
    public async Task InspectAsync(CancellationToken stop)
    {
        var names = new LogFolder(aio.Names, folder);
        foreach (var number in names.Segments())
        {
            var path = names.PathOf(number);
            try
            {
                await using var file = await aio.OpenAsync(path, ForReading, stop).ConfigureAwait(false);
                await InspectAsync(file, number).ConfigureAwait(false);
            }
            catch (AioSystemException e) when (e.Errno == Errno.ENOENT)
            {
                TellGone(path);
            }
        }
    }

    private async Task InspectAsync(AioFile file, long number)
    {
        if (await ReadHeaderAsync(file).ConfigureAwait(false) is not { } header || header.Number != number)
        {
            tell($"{Path.GetFileName(file.Path)}  not begun");
            return;
        }

        var footer = await Footer.ReadAsync(file, header).ConfigureAwait(false);
        tell(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileName(file.Path)}  {header.Kind} of store {header.Store}, version {SegmentHeader.Version}, blocks of " +
            $"{header.BlockSize}, begun {new DateTime(header.CreatedTicks, DateTimeKind.Utc):u}, epoch {header.Epoch}, from batch " +
            $"{header.FirstBatch} and ordering {header.FirstOrdering} on, " +
            $"{(footer is null ? "no footer" : $"sealed at {footer.Header.End} with {footer.Header.Ids} ids")}"));
    }

    /// <summary>Reads each batch of each segment: checksums, chain, and the footers against the batches.</summary>
    public async Task VerifyAsync(CancellationToken stop)
    {
        var names = new LogFolder(aio.Names, folder);
        (SegmentHeader Header, LogEnd End)? before = null;
        var headers = await ReadHeadersAsync(names, stop).ConfigureAwait(false);
        foreach (var (number, header) in headers)
        {
            var path = names.PathOf(number);
            try
            {
                await using var file = await aio.OpenAsync(path, ForReading, stop).ConfigureAwait(false);
                if (header is { } begun)
                {
                    CheckChain(path, begun, before);
                    before = (begun, await VerifyAsync(file, begun).ConfigureAwait(false));
                }
                else
                {
                    await VerifyNotBegunAsync(file, number, before).ConfigureAwait(false);
                }
            }
            catch (AioSystemException e) when (e.Errno == Errno.ENOENT)
            {
                TellGone(path);
            }
        }

        // What says that a segment is given back is in the log before the segment goes, and so it was among what was read.
        var oldest = before is { Header.Oldest: var said } ? Math.Max(said, _givenBack + 1) : 1;
        if (headers is [var (first, _), ..] && first > oldest && (before is null or { Header.Oldest: > 0 }))
        {
            Problem(names.PathOf(oldest), $"it is missing: the log begins with segment {first}");
        }
    }

    private void TellGone(string path) => tell($"{Path.GetFileName(path)}  gone meanwhile");

    // Before the batches: of a log in use, a segment that begins meanwhile would not follow what was read of the one before.
    private async Task<List<(long Number, SegmentHeader? Header)>> ReadHeadersAsync(LogFolder names, CancellationToken stop)
    {
        var headers = new List<(long, SegmentHeader?)>();
        foreach (var number in names.Segments())
        {
            try
            {
                await using var file = await aio.OpenAsync(names.PathOf(number), ForReading, stop).ConfigureAwait(false);
                var header = await ReadHeaderAsync(file).ConfigureAwait(false);
                headers.Add((number, header?.Number == number ? header : null));
            }
            catch (AioSystemException e) when (e.Errno == Errno.ENOENT)
            {
                // All of its events were deleted, and it is gone.
            }
        }

        return headers;
    }

    private static async Task<SegmentHeader?> ReadHeaderAsync(AioFile file)
    {
        using var block = await file.RentReadAsync(0, AioBuffer.Alignment).ConfigureAwait(false);
        return SegmentHeader.Read(block.GetSpan(), file.Path);
    }

    private void CheckChain(string path, in SegmentHeader header, (SegmentHeader Header, LogEnd End)? before)
    {
        if (before is not var (last, end))
        {
            return;
        }

        if (header.PreviousNumber != last.Number || header.PreviousEnd != end.Offset || header.PreviousCrc != end.LastCrc ||
            header.FirstBatch != end.NextBatch || header.Store != last.Store)
        {
            Problem(path, $"it does not follow segment {last.Number}, which ends at {end.Offset} with batch {end.NextBatch - 1}");
        }
    }

    private async Task VerifyNotBegunAsync(AioFile file, long number, (SegmentHeader Header, LogEnd End)? before)
    {
        var scan = new SegmentScan(file, number, before?.Header.BlockSize ?? SegmentHeader.Size);
        var end = before?.End ?? new LogEnd(0, 0, 1, 1, 0);
        if (await scan.FindWitnessAsync(end, isOther: true).ConfigureAwait(false) is { } at &&
            (await ReadHeaderAsync(file).ConfigureAwait(false))?.Number != number)
        {
            Problem(file.Path, $"its header is damaged, and the log goes on in it: the batch at {at} says so");
        }
        else
        {
            tell($"{Path.GetFileName(file.Path)}  not begun");
        }
    }

    private async Task<LogEnd> VerifyAsync(AioFile file, SegmentHeader header)
    {
        if (file.Length < header.SegmentSize)
        {
            Problem(file.Path, $"the file ends at {file.Length}, and a segment has {header.SegmentSize} bytes at least");
        }

        var index = new JournalContent();
        var start = new LogEnd(header.BlockSize, 0, header.FirstBatch, header.FirstOrdering, header.PreviousCrc);
        var scan = new SegmentScan(file, header.Number, header.BlockSize);
        var end = await scan.RunAsync(start, long.MaxValue, index.Visit).ConfigureAwait(false);
        while (await scan.FindWitnessAsync(end).ConfigureAwait(false) is { } witness)
        {
            var seen = end;
            end = await scan.RunAsync(end, long.MaxValue, index.Visit).ConfigureAwait(false);
            if (end == seen) // otherwise the log was written to meanwhile
            {
                Problem(
                    file.Path, $"batch {end.NextBatch} at offset {end.Offset} is damaged: the batch at {witness} says that it was durable");
                break;
            }
        }

        _givenBack = Math.Max(_givenBack, index.GivenBack);
        var footer = await Footer.ReadAsync(file, header).ConfigureAwait(false);
        tell(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileName(file.Path)}  epoch {header.Epoch}  batches {header.FirstBatch} to {end.NextBatch - 1}  orderings " +
            $"{header.FirstOrdering} to {end.NextOrdering - 1}  {index.Events} events, {index.Others} other records, {index.Ids} ids  " +
            $"{end.Offset} bytes, {index.Padding} of padding  " +
            $"footer {(footer is null ? "none" : footer.Header.End == end.Offset ? "fits" : "of another end")}"));
        if (footer is not null && header.Kind == LogKind.Events &&
            await index.FindDifferenceAsync(file, footer).ConfigureAwait(false) is { } difference)
        {
            Problem(file.Path, difference);
        }

        return end;
    }

    private void Problem(string path, string text)
    {
        Problems++;
        tell($"{Path.GetFileName(path)}  PROBLEM: {text}");
    }
}
