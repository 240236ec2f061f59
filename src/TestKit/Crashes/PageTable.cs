namespace AkkaAio.TestKit;

/// <summary>
/// The bytes of a file in pages of 4 KiB. A page that was never written is zeros and takes no memory. A clone shares all pages with the
/// original, and each copies what it changes. Writers need a lock of their own; a table that nobody writes to may be read by any thread.
/// </summary>
internal sealed class PageTable
{
    public const int PageSize = 4096;
    private const int ChunkPages = 64; // the bits of Chunk.Owned

    private Chunk?[] _chunks = [];
    private object _owner = new(); // chunks of another owner are shared with a clone

    public PageTable Clone()
    {
        _owner = new object();
        return new PageTable { _chunks = [.. _chunks] };
    }

    /// <summary>The array with a page's bytes, and where in it they begin; null: the page is zeros.</summary>
    public (byte[]? Bytes, int From) PageAt(long page)
    {
        var chunk = page / ChunkPages < _chunks.Length ? _chunks[page / ChunkPages] : null;
        return chunk is null ? default : chunk.Pages[page % ChunkPages];
    }

    public void Read(Span<byte> destination, long offset)
    {
        while (destination.Length > 0)
        {
            var (bytes, from) = PageAt(offset / PageSize);
            var start = (int)(offset % PageSize);
            var count = Math.Min(destination.Length, PageSize - start);
            if (bytes is null)
            {
                destination[..count].Clear();
            }
            else
            {
                bytes.AsSpan(from + start, count).CopyTo(destination);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    public void Write(ReadOnlySpan<byte> source, long offset)
    {
        while (source.Length > 0)
        {
            var start = (int)(offset % PageSize);
            var count = Math.Min(source.Length, PageSize - start);
            source[..count].CopyTo(OwnPage(offset / PageSize, keep: count < PageSize).AsSpan(start));
            source = source[count..];
            offset += count;
        }
    }

    /// <summary>As <see cref="Write"/>, but whole pages are shared with the array, which never changes again.</summary>
    public void Place(byte[] bytes, long offset)
    {
        for (var from = 0; from < bytes.Length;)
        {
            var start = (int)((offset + from) % PageSize);
            var count = Math.Min(bytes.Length - from, PageSize - start);
            if (count == PageSize)
            {
                var (chunk, bit) = OwnChunk((offset + from) / PageSize);
                chunk.Pages[bit] = (bytes, from);
                chunk.Owned &= ~(1UL << bit);
            }
            else
            {
                Write(bytes.AsSpan(from, count), offset + from);
            }

            from += count;
        }
    }

    /// <summary>Makes zeros of a range; its whole pages take no memory after it.</summary>
    public void Zero(long offset, long end)
    {
        for (end = Math.Min(end, (long)_chunks.Length * ChunkPages * PageSize); offset < end;)
        {
            var start = (int)(offset % PageSize);
            var count = (int)Math.Min(end - offset, PageSize - start);
            var page = offset / PageSize;
            if (_chunks[page / ChunkPages] is null)
            {
                offset = (page / ChunkPages + 1) * ChunkPages * PageSize;
                continue;
            }

            if (PageAt(page).Bytes is not null)
            {
                if (count < PageSize)
                {
                    OwnPage(page, keep: true).AsSpan(start, count).Clear();
                }
                else
                {
                    var (chunk, bit) = OwnChunk(page);
                    chunk.Pages[bit] = default;
                    chunk.Owned &= ~(1UL << bit);
                }
            }

            offset += count;
        }
    }

    /// <summary>The pages from a page on that may hold other bytes than zeros, in order.</summary>
    public IEnumerable<long> PagesFrom(long first)
    {
        for (var page = first; page < (long)_chunks.Length * ChunkPages; page++)
        {
            if (_chunks[page / ChunkPages] is null)
            {
                page = (page / ChunkPages + 1) * ChunkPages - 1;
            }
            else if (PageAt(page).Bytes is not null)
            {
                yield return page;
            }
        }
    }

    private byte[] OwnPage(long page, bool keep)
    {
        var (chunk, bit) = OwnChunk(page);
        var (bytes, from) = chunk.Pages[bit];
        if ((chunk.Owned & (1UL << bit)) != 0)
        {
            return bytes!;
        }

        var own = new byte[PageSize];
        if (keep && bytes is not null)
        {
            bytes.AsSpan(from, PageSize).CopyTo(own);
        }

        chunk.Pages[bit] = (own, 0);
        chunk.Owned |= 1UL << bit;
        return own;
    }

    private (Chunk Chunk, int Bit) OwnChunk(long page)
    {
        var index = (int)(page / ChunkPages);
        if (index >= _chunks.Length)
        {
            Array.Resize(ref _chunks, Math.Max(index + 1, Math.Min(2 * _chunks.Length, index + 1024)));
        }

        var chunk = _chunks[index];
        if (chunk?.Owner != _owner)
        {
            _chunks[index] = chunk = new Chunk(_owner, chunk is null ? new (byte[]?, int)[ChunkPages] : [.. chunk.Pages]);
        }

        return (chunk, (int)(page % ChunkPages));
    }

    private sealed class Chunk(object owner, (byte[]? Bytes, int From)[] pages)
    {
        public object Owner => owner;

        public (byte[]? Bytes, int From)[] Pages => pages;

        /// <summary>The pages whose arrays are this table's alone: a bit for each.</summary>
        public ulong Owned { get; set; }
    }
}
