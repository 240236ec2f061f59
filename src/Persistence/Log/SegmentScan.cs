using System.Numerics;
using System.Runtime.InteropServices;
using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>Takes a batch of a segment: the number of its first block, its header, its bytes, which are valid during the call.</summary>
internal delegate void BatchVisitor(long segment, int block, in BatchHeader header, ReadOnlySpan<byte> batch);

/// <summary>Reads a segment's batches from its disk, one after another.</summary>
internal sealed class SegmentScan(AioFile file, long segment, int blockSize)
{
    // Enough that the device is busy and a batch of usual size is cut by few reads.
    public const int Chunk = 1 << 20;

    // Batches of many sizes are read into buffers of few: the pool keeps what came back of each size.
    private const int MostChunk = 4 << 20;

    /// <summary>
    /// Visits the batches that follow on <paramref name="at"/>: intact, in this order, each chained to the one before, of no earlier epoch.
    /// </summary>
    /// <param name="at">Where to begin; the place behind the last batch afterwards.</param>
    /// <param name="most">Where to end at the latest, in bytes of the file.</param>
    /// <param name="visit">Called for each batch.</param>
    public async Task<LogEnd> RunAsync(LogEnd at, long most, BatchVisitor visit)
    {
        for (var (more, length) = (true, Chunk); more;)
        {
            (at, more, length) = await StepAsync(at, most, length, visit).ConfigureAwait(false);
        }

        return at;
    }

    /// <summary>As <see cref="RunAsync"/>, one read of it.</summary>
    /// <returns>Whether there is more, and how long its read must be.</returns>
    public async Task<(LogEnd At, bool More, int Length)> StepAsync(LogEnd at, long most, int length, BatchVisitor visit)
    {
        most = Math.Min(most, file.Length);
        if (at.Offset >= most)
        {
            return (at, false, 0);
        }

        using var chunk = await file.RentReadAsync(at.Offset, length).ConfigureAwait(false); // shorter where the file ends
        (at, var wanted) = Visit(at, chunk.GetSpan()[..(int)Math.Min(chunk.Length, most - at.Offset)], segment, blockSize, visit);
        length = wanted > MostChunk ? wanted : Math.Max(Math.Min(length, MostChunk), (int)BitOperations.RoundUpToPowerOf2((uint)wanted));
        return (at, wanted > 0 && wanted <= most - at.Offset, length);
    }

    /// <summary>
    /// Whether something behind the end of a log says that the batch which should be there was durable: then it was damaged, and no crash
    /// tore it.
    /// </summary>
    /// <param name="end">Where the batch should be.</param>
    /// <param name="isOther">It should be in another segment, and this one is behind that.</param>
    /// <returns>Where the witness is; null: there is none.</returns>
    /// <remarks>
    /// Each block that looks like a header may be one, also in the payload of a batch that is damaged. All of them are checked in one pass:
    /// the checksum of what is between two places is known by the checksums of all that is before each.
    /// </remarks>
    public async Task<long?> FindWitnessAsync(LogEnd end, bool isOther = false)
    {
        var ends = new Dictionary<long, List<(long Start, uint Crc, uint Before)>>(); // candidates, by where they end
        var (from, sum) = (isOther ? 0 : end.Offset, 0u);
        for (var offset = from; offset < file.Length; offset += Chunk)
        {
            using var chunk = await file.RentReadAsync(offset, Chunk).ConfigureAwait(false);
            for (var at = 0; at + blockSize <= chunk.Length; at += blockSize)
            {
                var start = offset + at;
                var block = chunk.GetSpan().Slice(at, blockSize);
                sum = Crc32C.Of(block, sum);
                if (BatchHeader.TryRead(block, blockSize, out var found) && found.Length <= file.Length - start &&
                    CanBeWitness(found, end, isOther ? long.MaxValue : (start - from) / blockSize))
                {
                    // A batch of several blocks is intact if the checksum at its end is the one that follows from these.
                    var candidate = (start, found.Crc, BatchHeader.CrcOfStart(block) ^ sum);
                    (CollectionsMarshal.GetValueRefOrAddDefault(ends, start + found.Length, out _) ??= []).Add(candidate);
                }

                var behind = start + blockSize;
                if (ends.Remove(behind, out var candidates))
                {
                    foreach (var (first, crc, before) in candidates)
                    {
                        if ((Crc32C.Shift(before, behind - first - blockSize) ^ sum) == crc)
                        {
                            return first;
                        }
                    }
                }
            }
        }

        return null;
    }

    // Of the batches behind the missing one each has a block at least, and none is durable before it is written. A header that fits by
    // chance, as in the copy of another log in a payload, would have to fit in each of these.
    private static bool CanBeWitness(in BatchHeader found, in LogEnd end, long mostBehind) =>
        found.DurableUpTo >= end.NextBatch && found.DurableUpTo < found.Number && found.Number - end.NextBatch <= mostBehind &&
        found.Epoch >= end.Epoch && found.FirstOrdering >= end.NextOrdering;

    /// <summary>Visits the batches at the start of some bytes.</summary>
    /// <returns>The place behind them, and how many bytes the batch there has, which is not there whole; 0: there is no batch.</returns>
    internal static (LogEnd At, int Wanted) Visit(LogEnd at, ReadOnlySpan<byte> chunk, long segment, int blockSize, BatchVisitor visit)
    {
        while (BatchHeader.TryRead(chunk, blockSize, out var found) && at.IsFollowedBy(found))
        {
            if (found.Length > chunk.Length)
            {
                return (at, found.Length);
            }

            var batch = chunk[..found.Length];
            if (!found.IsIntact(batch))
            {
                break;
            }

            visit(segment, (int)(at.Offset / blockSize), found, batch);
            at = at.Behind(found);
            chunk = chunk[found.Length..];
        }

        return (at, chunk.IsEmpty ? BatchHeader.Size : 0);
    }
}

/// <summary>A place behind a batch, and what the next one must fit to.</summary>
/// <param name="Offset">In its segment.</param>
/// <param name="Epoch">Of the batch before.</param>
/// <param name="NextBatch">Number of the next batch.</param>
/// <param name="NextOrdering">Ordering of its first record.</param>
/// <param name="LastCrc">Checksum of the batch before.</param>
internal readonly record struct LogEnd(long Offset, long Epoch, long NextBatch, long NextOrdering, uint LastCrc)
{
    public bool IsFollowedBy(in BatchHeader batch) =>
        batch.Number == NextBatch && batch.PreviousCrc == LastCrc && batch.Epoch >= Epoch && batch.FirstOrdering == NextOrdering;

    public LogEnd Behind(in BatchHeader batch) =>
        new(Offset + batch.Length, batch.Epoch, batch.Number + 1, batch.FirstOrdering + batch.Records, batch.Crc);
}
