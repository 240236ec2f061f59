using System.Runtime.CompilerServices;
using Akka.Actor;
using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>Reads the records of a log from its segments, beside its writer.</summary>
internal sealed class LogReader(IActorRef log, AioExt aio, LogFolder folder, int? shard, CancellationToken closed)
{
    public string Folder => folder.Path;

    /// <summary>Asks the log's actor, which may be gone: then nobody would answer.</summary>
    /// <exception cref="AioClosedException">It is.</exception>
    public async Task<T> AskAsync<T>(object message, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closed);
        try
        {
            return await log.Ask<T>(message, Timeout.InfiniteTimeSpan, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AioClosedException("log", folder.Path, "the log is closed");
        }
    }

    public async IAsyncEnumerable<AioLogRecord> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var segments = await AskAsync<LogSegments>(LogActor.GetSegments.Instance, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < segments.All.Count; i++)
        {
            if (i + 1 < segments.All.Count && segments.All[i + 1].FirstOrdering <= from)
            {
                continue;
            }

            (long Offset, long Ordering) end = i + 1 < segments.All.Count
                ? (long.MaxValue, segments.All[i + 1].FirstOrdering)
                : (segments.End, segments.NextOrdering);
            await foreach (var record in ReadSegmentAsync(segments.All[i], end, from, cancellationToken).ConfigureAwait(false))
            {
                yield return record;
            }
        }
    }

    private async IAsyncEnumerable<AioLogRecord> ReadSegmentAsync(
        (long Number, long FirstOrdering) segment,
        (long Offset, long Ordering) end,
        long from,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = new AioOpenOptions { Shard = shard, Priority = AioPriority.Idle };
        await using var file = await aio.OpenAsync(folder.PathOf(segment.Number), open, cancellationToken).ConfigureAwait(false);
        SegmentHeader header;
        using (var block = await file.RentReadAsync(0, 4096, cancellationToken).ConfigureAwait(false))
        {
            header = SegmentHeader.Read(block.GetSpan(), file.Path) is { } read &&
                     (read.Number, read.FirstOrdering) == segment
                ? read
                : throw new AioLogCorruptionException(file.Path, 0, 0, "the segment's header is gone, or another one's");
        }

        var found = new List<AioLogRecord>();
        var scan = new SegmentScan(file, segment.Number, header.BlockSize);
        var at = new LogEnd(header.BlockSize, header.Epoch, header.FirstBatch, header.FirstOrdering, header.PreviousCrc);
        for (var (more, length) = (true, SegmentScan.Chunk); more;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (at, more, length) = await scan.StepAsync(at, end.Offset, length, Collect).ConfigureAwait(false);
            foreach (var record in found)
            {
                yield return record;
            }

            found.Clear();
        }

        if (at.NextOrdering < end.Ordering)
        {
            throw new AioLogCorruptionException(file.Path, at.Offset, at.NextBatch, "its checksum, or its place in the chain, is wrong");
        }

        void Collect(long number, int block, in BatchHeader batch, ReadOnlySpan<byte> bytes)
        {
            var position = batch.FirstOrdering;
            for (var rest = bytes[BatchHeader.Size..batch.Used]; RecordView.TryRead(rest, out var record); rest = rest[record.Length..])
            {
                if (position++ >= from && record.Type == RecordType.Event)
                {
                    found.Add(new AioLogRecord(position - 1, record.Payload.ToArray()));
                }
            }
        }
    }
}
