using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Reading;

/// <summary>
/// Batches that were read, whole and with a right checksum, up to a number of bytes; the ones not used for longest go first. O_DIRECT has
/// no page cache, and 1000 replays side by side would read each block 1000 times.
/// </summary>
internal sealed class BatchCache(OpenSegments segments, ReadGate gate, long mostBytes) : IDisposable
{
    // One read brings the batches that follow too: a replay goes on with them.
    private const int Chunk = 256 << 10;

    private readonly Lock _lock = new();
    private readonly Dictionary<(long Segment, int Block), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new(); // newest first
    private long _bytes;

    /// <summary>Reads that the cache had.</summary>
    public long Hits { get; private set; }

    public long Misses { get; private set; }

    /// <summary>A batch. Dispose it.</summary>
    /// <exception cref="AioLogCorruptionException">It is damaged.</exception>
    public async ValueTask<CachedBatch> GetAsync(long segment, int block)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue((segment, block), out var node))
            {
                Hits++;
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                return node.Value.Share();
            }

            Misses++;
        }

        return await ReadAsync(segment, block).ConfigureAwait(false);
    }

    /// <summary>Gives all buffers back that no reader has.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var entry in _byUse)
            {
                entry.Buffer.Dispose();
            }

            _entries.Clear();
            _byUse.Clear();
            _bytes = 0;
        }
    }

    private async ValueTask<CachedBatch> ReadAsync(long segment, int block)
    {
        var open = await segments.GetAsync(segment).ConfigureAwait(false);
        var at = (long)block * open.Header.BlockSize;
        var length = Chunk;
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

                return Keep(open, segment, block, buffer) ??
                       throw new AioLogCorruptionException(open.File.Path, at, header.Number, "its checksum is wrong");
            }
        }
    }

    // The batches that a read brought whole.
    private CachedBatch? Keep(OpenSegment open, long segment, int block, AioBuffer buffer)
    {
        CachedBatch? wanted = null;
        for (var at = 0; BatchHeader.TryRead(buffer.GetSpan()[at..], open.Header.BlockSize, out var header) &&
             at + header.Length <= buffer.Length && header.IsIntact(buffer.GetSpan().Slice(at, header.Length)); at += header.Length)
        {
            var entry = new Entry(segment, block + (at / open.Header.BlockSize), buffer, at, header);
            wanted ??= entry.Share();
            Add(entry);
        }

        return wanted;
    }

    private void Add(Entry entry)
    {
        lock (_lock)
        {
            if (!_entries.TryAdd((entry.Segment, entry.Block), _byUse.AddFirst(entry with { Buffer = entry.Buffer.Share() })))
            {
                _byUse.First!.Value.Buffer.Dispose(); // read twice at once
                _byUse.RemoveFirst();
                return;
            }

            _bytes += entry.Header.Length;
            while (_bytes > mostBytes && _byUse.Last is { } last)
            {
                _bytes -= last.Value.Header.Length;
                _entries.Remove((last.Value.Segment, last.Value.Block));
                _byUse.RemoveLast();
                last.Value.Buffer.Dispose();
            }
        }
    }

    private sealed record Entry(long Segment, int Block, AioBuffer Buffer, int Start, BatchHeader Header)
    {
        public CachedBatch Share() => new(Segment, Block, Buffer.Share(), Start, Header);
    }
}

/// <summary>A batch in memory, intact.</summary>
internal sealed class CachedBatch(long segment, int block, AioBuffer buffer, int start, BatchHeader header) : IDisposable
{
    public long Segment => segment;

    public int Block => block;

    public BatchHeader Header => header;

    public ReadOnlySpan<byte> Bytes => buffer.GetSpan().Slice(start, header.Length);

    /// <summary>The record at an offset.</summary>
    public RecordView RecordAt(int offset) => RecordView.TryRead(Bytes[offset..header.Used], out var record)
        ? record
        : throw new InvalidDataException($"no record begins at byte {offset} of batch {header.Number}");

    public void Dispose() => buffer.Dispose();
}
