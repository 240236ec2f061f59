using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence.Reading;

/// <summary>Segments that are open for reading, with their footers; the ones not used for longest are closed.</summary>
internal sealed class OpenSegments(LogFiles files)
{
    // Each costs a descriptor and 8 bytes for 4096 bytes of its footer.
    private const int Most = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, LinkedListNode<(long Number, Task<OpenSegment> Open)>> _open = [];
    private readonly LinkedList<(long Number, Task<OpenSegment> Open)> _byUse = new(); // newest first

    /// <summary>A segment. It stays usable for the reads under way when it is closed.</summary>
    /// <exception cref="AioSystemException">ENOENT: all of its events were deleted, and it is gone. Or the disk failed.</exception>
    public Task<OpenSegment> GetAsync(long number)
    {
        Task<OpenSegment>? closed = null;
        Task<OpenSegment> result;
        lock (_lock)
        {
            if (_open.TryGetValue(number, out var node) && !node.Value.Open.IsFaulted)
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                return node.Value.Open;
            }

            if (node is not null)
            {
                _byUse.Remove(node);
            }

            _open[number] = _byUse.AddFirst((number, OpenAsync(number)));
            result = _byUse.First!.Value.Open;
            if (_byUse.Count > Most)
            {
                var last = _byUse.Last!.Value;
                _open.Remove(last.Number);
                _byUse.RemoveLast();
                closed = last.Open;
            }
        }

        Close(closed);
        return result;
    }

    /// <summary>The footer of a segment that is sealed.</summary>
    /// <exception cref="AioLogCorruptionException">It is damaged. The next start of the store makes it again.</exception>
    public static async Task<Footer> FooterOfAsync(OpenSegment segment) =>
        segment.Footer ??= await Footer.ReadAsync(segment.File, segment.Header).ConfigureAwait(false) ??
            throw new AioLogCorruptionException(
            segment.File.Path, segment.Header.SegmentSize, segment.Header.FirstBatch,
            "its footer is damaged; a restart of the store makes it again");

    /// <summary>The segment is gone, or becomes a spare.</summary>
    public void Forget(long number)
    {
        Task<OpenSegment>? closed = null;
        lock (_lock)
        {
            if (_open.Remove(number, out var node))
            {
                _byUse.Remove(node);
                closed = node.Value.Open;
            }
        }

        Close(closed);
    }

    public void Clear()
    {
        lock (_lock)
        {
            foreach (var (_, open) in _byUse)
            {
                Close(open);
            }

            _byUse.Clear();
            _open.Clear();
        }
    }

    private static void Close(Task<OpenSegment>? open) => open?.ContinueWith(
        static opened => _ = opened.IsCompletedSuccessfully ? opened.Result.File.DisposeAsync().AsTask() : null, TaskScheduler.Default);

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

/// <summary>A segment that is open for reading.</summary>
internal sealed class OpenSegment(AioFile file, SegmentHeader header)
{
    public AioFile File => file;

    public SegmentHeader Header => header;

    /// <summary>Its footer, once it was asked for; null: it has none.</summary>
    public Footer? Footer { get; set; }
}
