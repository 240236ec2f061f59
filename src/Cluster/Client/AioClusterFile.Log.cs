using System.Runtime.CompilerServices;
using AkkaAio.Cluster.Logs;

namespace AkkaAio.Cluster;

/// <summary>One append of a log.</summary>
/// <param name="Offset">Where its frame begins.</param>
/// <param name="Next">Where the next one begins: go on there later.</param>
/// <param name="Epoch">Of the owner that wrote it.</param>
/// <param name="Writer">The <see cref="AioClusterFile"/> that appended it: each has an id of its own.</param>
/// <param name="Payload">What was appended.</param>
public sealed record AioClusterRecord(long Offset, long Next, ulong Epoch, Guid Writer, ReadOnlyMemory<byte> Payload);

// Logs.
public sealed partial class AioClusterFile
{
    /// <summary>
    /// The records of a log, from one's offset to the end that the log has now. Frames are checked and taken off; those of an epoch lower
    /// than one before are skipped: a writer that had been replaced.
    /// </summary>
    /// <param name="offset">0, or the Next of a record.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="AioClusterFileException">
    /// Damaged: what is at the offset, or behind a record, is no whole frame. WrongKind: the file is no log.
    /// </exception>
    public async IAsyncEnumerable<AioClusterRecord> ReadLogAsync(
        long offset = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Kind != AioClusterFileKind.Log)
        {
            throw new AioClusterFileException(Address, AioClusterFailure.WrongKind, AioOutcome.NotPerformed, $"{Address} is no log");
        }

        var end = (await _cluster.StatAsync(Address, cancellationToken).ConfigureAwait(false)).Length;
        var epoch = 0UL;
        var ahead = ReadOnlyMemory<byte>.Empty; // of the file, from offset on
        while (offset < end)
        {
            if (!LogFrame.TryReadHeader(ahead.Span, out var frame) || ahead.Length < LogFrame.SizeOf(frame.Length))
            {
                ahead = await ReadAsync(
                    offset,
                    (int)Math.Min(end - offset, 4L * LogFrame.SizeOf(LogFrame.MostPayload)),
                    cancellationToken).ConfigureAwait(false);
                if (!LogFrame.TryReadHeader(ahead.Span, out frame) || ahead.Length < LogFrame.SizeOf(frame.Length))
                {
                    throw Damaged(offset);
                }
            }

            var size = LogFrame.SizeOf(frame.Length);
            if (!frame.IsIntact(ahead.Span[..size], offset))
            {
                throw Damaged(offset);
            }

            if (frame.Epoch >= epoch)
            {
                epoch = frame.Epoch;
                yield return new AioClusterRecord(
                    offset, offset + size, epoch, frame.Writer, ahead.Slice(LogFrame.HeaderBytes, frame.Length));
            }

            (offset, ahead) = (offset + size, ahead[size..]);
        }
    }

    private AioClusterFileException Damaged(long offset) => new(
        Address, AioClusterFailure.Damaged, AioOutcome.NotPerformed,
        $"{Address}: at {offset} there is no whole frame. Read from 0 or from the Next of a record; if this is one, " +
        "the log is damaged there");
}
