using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence.Reading;

/// <summary>
/// Batches that were read, whole and with a right checksum, up to a number of bytes; the ones not used for longest go first. O_DIRECT has
/// no page cache, and 1000 replays side by side would read each block 1000 times.
/// </summary>
internal sealed class BatchCache(OpenSegments segments, ReadGate gate, long mostBytes) : IDisposable
{
    // One read brings the batches that follow too: a replay goes on with them.
    private const int BytesOfARead = 256 << 10;

    private readonly Lock _lock = new();
    private readonly Dictionary<(long Segment, int Block), Place> _batches = [];
    private readonly LinkedList<Chunk> _byUse = new(); // newest first
    private readonly List<Reading> _reading = [];
    private long _bytes;
    private int _clears; // what was read before the last one is not kept
    private bool _isClosed;

    /// <summary>Reads that the cache had.</summary>
    public long Hits { get; private set; }

    public long Misses { get; private set; }

    /// <summary>A batch. Dispose it.</summary>
    /// <exception cref="AioLogCorruptionException">It is damaged.</exception>
    /// <exception cref="AioAbortedException">The store is closed.</exception>
    public async ValueTask<CachedBatch> GetAsync(long segment, int block)
    {
        Reading? own = null;
        Reading? others;
        lock (_lock)
        {
            if (TryTake(segment, block) is { } batch)
            {
                return batch;
            }

            // Replays of many ids go through the same blocks side by side: one of them reads, and the others wait for it.
            others = _reading.Find(reading => reading.Segment == segment && reading.Block <= block && block < reading.End);
            if (others is null)
            {
                own = new Reading(segment, block, block + (BytesOfARead / LogFiles.LeastBlock));
                _reading.Add(own);
                Misses++;
            }
        }

        if (others is not null)
        {
            await others.Done.Task.ConfigureAwait(false);
            lock (_lock)
            {
                if (TryTake(segment, block) is { } batch)
                {
                    return batch;
                }

                Misses++; // it was not whole in what the other has read
            }
        }

        try
        {
            return await ReadAsync(segment, block).ConfigureAwait(false);
        }
        finally
        {
            if (own is not null)
            {
                lock (_lock)
                {
                    _reading.Remove(own);
                }

                own.Done.SetResult();
            }
        }
    }

    /// <summary>
    /// Gives all buffers back that no reader has. What was read before a recovery has ended may be none of the log, and other batches are
    /// written at its place.
    /// </summary>
    public void Clear()
    {
        lock (_lock)
        {
            _clears++;
            Shrink(0);
        }
    }

    /// <summary>Keeps nothing any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            Clear();
        }
    }

    private CachedBatch? TryTake(long segment, int block)
    {
        if (!_batches.TryGetValue((segment, block), out var place))
        {
            return null;
        }

        Hits++;
        _byUse.Remove(place.Chunk);
        _byUse.AddFirst(place.Chunk);
        return place.Chunk.Value.Take(block, place.Start, place.Header);
    }

    private async ValueTask<CachedBatch> ReadAsync(long segment, int block)
    {
        var clears = Volatile.Read(ref _clears); // before the read
        using var open = await segments.GetAsync(segment).ConfigureAwait(false);
        var at = (long)block * open.Header.BlockSize;
        var length = BytesOfARead;
        while (true)
        {
            await gate.EnterAsync(length).ConfigureAwait(false);
            AioBuffer buffer;
            try
            {
                buffer = await open.File.RentReadAsync(at, length).ConfigureAwait(false);
            }
            finally
            {
                gate.Leave(length);
            }

            using (buffer)
            {
                if (!BatchHeader.TryRead(buffer.GetSpan(), open.Header.BlockSize, out var header))
                {
                    throw new AioLogCorruptionException(open.File.Path, at, 0, "no batch begins there");
                }

                if (header.Length > buffer.Length && buffer.Length == length)
                {
                    length = header.Length;
                    continue;
                }

                return Keep(open, segment, block, header, buffer, clears) ??
                       throw new AioLogCorruptionException(open.File.Path, at, header.Number, "its checksum is wrong");
            }
        }
    }

    // The batches that a read brought whole, as long as each follows the one before: behind the last one that was written a recycled
    // segment has others, and they are intact. The buffer goes when none of them has been used for longest: one that is used keeps all
    // of it.
    private CachedBatch? Keep(OpenSegment open, long segment, int block, in BatchHeader first, AioBuffer buffer, int clears)
    {
        var found = new List<(int Block, BatchHeader Header)>();
        var blockSize = open.Header.BlockSize;
        var start = new LogEnd((long)block * blockSize, first.Epoch, first.Number, first.FirstOrdering, first.PreviousCrc);
        var (end, _) = SegmentScan.Visit(
            start, buffer.GetSpan(), segment, blockSize,
            (long _, int at, in BatchHeader header, ReadOnlySpan<byte> _) => found.Add((at, header)));
        if (found.Count == 0)
        {
            return null;
        }

        var chunkRead = new Chunk(open.File.Path, blockSize, segment, (int)(end.Offset / blockSize), buffer.Share(), []);
        var wanted = chunkRead.Take(block, 0, first);
        lock (_lock)
        {
            if (clears != _clears || _isClosed)
            {
                chunkRead.Buffer.Dispose();
                return wanted;
            }

            var chunk = _byUse.AddFirst(chunkRead);
            foreach (var (number, header) in found)
            {
                if (_batches.TryAdd((segment, number), new Place(chunk, (number - block) * blockSize, header)))
                {
                    chunk.Value.Blocks.Add(number); // the others came with another read
                }
            }

            _bytes += buffer.Length;
            Shrink(mostBytes);
        }

        return wanted;
    }

    private void Shrink(long bytes)
    {
        while (_bytes > bytes && _byUse.Last is { Value: var chunk })
        {
            _byUse.RemoveLast();
            _bytes -= chunk.Buffer.Length;
            chunk.Blocks.ForEach(block => _batches.Remove((chunk.Segment, block)));
            chunk.Buffer.Dispose();
        }
    }

    /// <summary>A read under way, and the blocks that it brings.</summary>
    private sealed record Reading(long Segment, int Block, int End)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What one read brought, up to the end of its last whole batch.</summary>
    private sealed record Chunk(string Path, int BlockSize, long Segment, int End, AioBuffer Buffer, List<int> Blocks)
    {
        public CachedBatch Take(int block, int start, in BatchHeader header) =>
            new(Segment, block, End, (Path, (long)block * BlockSize), Buffer.Share(), start, header);
    }

    private readonly record struct Place(LinkedListNode<Chunk> Chunk, int Start, BatchHeader Header);
}

/// <summary>A batch in memory, intact.</summary>
internal sealed class CachedBatch(
    long segment, int block, int endOfRead, (string Path, long Offset) at, AioBuffer buffer, int start, BatchHeader header) : IDisposable
{
    public long Segment => segment;

    public int Block => block;

    /// <summary>The first block that its read has not brought: where a reader of all goes on.</summary>
    public int EndOfRead => endOfRead;

    public BatchHeader Header => header;

    public ReadOnlySpan<byte> Bytes => buffer.GetSpan().Slice(start, header.Length);

    /// <summary>The record at an offset.</summary>
    /// <param name="offset">In the batch.</param>
    /// <param name="sequenceNr">Its sequence number.</param>
    /// <param name="hash">Of its persistence id.</param>
    /// <param name="id">The persistence id that is wanted; the record has it, or another with the same hash.</param>
    /// <exception cref="AioLogCorruptionException">
    /// It is not there: the batch is intact, but of another place, as after a write that the disk has put where it does not belong.
    /// </exception>
    public RecordView RecordAt(int offset, long sequenceNr, UInt128 hash, ReadOnlySpan<byte> id) =>
        offset < header.Used && RecordView.TryRead(Bytes[offset..header.Used], out var record) && record.SequenceNr == sequenceNr &&
        (record.PersistenceId.SequenceEqual(id) || PersistenceIdHash.Of(record.PersistenceId) == hash)
            ? record
            : throw new AioLogCorruptionException(
                at.Path, at.Offset, 0, $"batch {header.Number} is there, and has no record with number {sequenceNr} at byte {offset}");

    public void Dispose() => buffer.Dispose();
}
