using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence.Reading;

/// <summary>Segments that are open for reading, with their footers; of more than 256 the ones not used for longest are closed.</summary>
internal sealed class OpenSegments(LogFiles files) : IDisposable
{
    // Each costs a descriptor and 8 bytes for 4096 bytes of its footer.
    private const int Most = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, LinkedListNode<(long Number, Task<OpenSegment> Open)>> _open = [];
    private readonly LinkedList<(long Number, Task<OpenSegment> Open)> _byUse = new(); // newest first
    private bool _isClosed;

    /// <summary>A segment, open until it is disposed of: a replay may wait for a slow actor meanwhile.</summary>
    /// <exception cref="AioSystemException">ENOENT: all of its events were deleted, and it is gone. Or the disk failed.</exception>
    /// <exception cref="AioAbortedException">The store is closed.</exception>
    public async ValueTask<OpenSegment> GetAsync(long number)
    {
        while (true)
        {
            var open = await FindAsync(number).ConfigureAwait(false);
            if (open.TryShare())
            {
                return open;
            }
        }
    }

    /// <summary>The segment is gone, or becomes a spare.</summary>
    public void Forget(long number)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(number, out var node))
            {
                Remove(node);
            }
        }
    }

    /// <summary>Forgets all: there may be other files with their names.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            while (_byUse.Last is { } last)
            {
                Remove(last);
            }
        }
    }

    /// <summary>Nothing is opened any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            Clear();
        }
    }

    private Task<OpenSegment> FindAsync(long number)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                throw Closed();
            }

            if (_open.TryGetValue(number, out var node))
            {
                if (!node.Value.Open.IsFaulted)
                {
                    _byUse.Remove(node);
                    _byUse.AddFirst(node);
                    return node.Value.Open;
                }

                Remove(node);
            }

            _open[number] = _byUse.AddFirst((number, OpenAsync(number)));
            if (_byUse.Count > Most)
            {
                Remove(_byUse.Last!);
            }

            return _byUse.First!.Value.Open;
        }
    }

    /// <summary>Why nothing is read any more.</summary>
    public AioAbortedException Closed() => new("replay", files.Folder.Path, "the journal was stopped");

    private void Remove(LinkedListNode<(long Number, Task<OpenSegment> Open)> node)
    {
        _open.Remove(node.Value.Number);
        _byUse.Remove(node);
        node.Value.Open.ContinueWith(
            static opened =>
            {
                if (opened.IsCompletedSuccessfully)
                {
                    opened.Result.Dispose();
                }
            },
            TaskScheduler.Default);
    }

    private async Task<OpenSegment> OpenAsync(long number)
    {
        var open = files.Open with { Access = FileAccess.Read, Priority = AioPriority.Idle };
        var file = await files.Aio.OpenAsync(files.Folder.PathOf(number), open).ConfigureAwait(false);
        try
        {
            using var block = await file.RentReadAsync(0, files.Settings.BlockBytes).ConfigureAwait(false);
            var header = SegmentHeader.Read(block.GetSpan(), file.Path);
            return header?.Number == number
                ? new OpenSegment(file, header.Value)
                : throw new AioLogCorruptionException(file.Path, 0, header?.FirstBatch ?? 0, "the segment's header is gone");
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}

/// <summary>A segment that is open for reading. Each that has it disposes of it once; the last one closes its file.</summary>
internal sealed class OpenSegment(AioFile file, SegmentHeader header) : IDisposable
{
    private int _users = 1; // OpenSegments
    private Footer? _footer;

    public AioFile File => file;

    public SegmentHeader Header => header;

    /// <summary>Another user.</summary>
    /// <returns>False: it is closed.</returns>
    public bool TryShare()
    {
        for (var users = Volatile.Read(ref _users); users > 0;)
        {
            var before = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (before == users)
            {
                return true;
            }

            users = before;
        }

        return false;
    }

    /// <summary>The footer of a segment that is sealed.</summary>
    /// <exception cref="AioLogCorruptionException">It is damaged. The next start of the store makes it again.</exception>
    public async ValueTask<Footer> FooterAsync() =>
        _footer ??= await Footer.ReadAsync(file, header).ConfigureAwait(false) ?? throw Footer.Damaged(file, header.SegmentSize);

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _ = file.DisposeAsync().AsTask();
        }
    }
}
