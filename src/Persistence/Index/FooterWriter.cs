using System.Runtime.InteropServices;
using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Index;

/// <summary>Writes the footer of a sealed segment, durably: its header last.</summary>
internal sealed class FooterWriter(AioFile file, SegmentHeader segment, long end, uint lastCrc, SealedIndex index)
{
    private const int BytesOfAWrite = 256 << 10; // a multiple of every block size

    private readonly List<ulong> _firstHashes = [];
    private List<EventPlace> _events = []; // of the id
    private int _id = -1;
    private int _written;
    private int _previous;
    private long _deletedTo;

    public async Task RunAsync()
    {
        var start = Footer.StartOf(segment, end);
        var at = start + segment.BlockSize;
        var bytes = new byte[BytesOfAWrite];
        NextId();
        while (_id < index.Ids.Count)
        {
            var count = Fill(bytes);
            await file.WriteAsync(bytes.AsMemory(0, count), at).ConfigureAwait(false);
            at += count;
        }

        var table = new byte[Footer.RoundUp(_firstHashes.Count * sizeof(ulong), segment.BlockSize)];
        MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_firstHashes)).CopyTo(table);
        await file.WriteAsync(table, at).ConfigureAwait(false);
        await file.FlushAsync().ConfigureAwait(false);
        var header = new FooterHeader(segment.Number, end, index.Ids.Count, _firstHashes.Count, Crc32C.Of(table), lastCrc);
        var block = new byte[segment.BlockSize];
        header.Write(block);
        await file.WriteAsync(block, start, AioDurability.Dsync).ConfigureAwait(false);
    }

    private void NextId()
    {
        _written = 0;
        if (++_id < index.Ids.Count)
        {
            var state = index.Ids[_id];
            _events = index.Postings.Find(state.Newest, 0, long.MaxValue, out _previous);
            _deletedTo = index.Postings.HasTombstone(state.Newest) ? state.DeletedTo : 0;
        }
    }

    private int Fill(byte[] bytes)
    {
        var count = 0;
        for (; _id < index.Ids.Count && count < bytes.Length; count += FooterPage.Size)
        {
            FillPage(bytes.AsSpan(count, FooterPage.Size));
        }

        var length = (int)Footer.RoundUp(count, segment.BlockSize);
        bytes.AsSpan(count, length - count).Clear();
        return length;
    }

    private void FillPage(Span<byte> page)
    {
        var used = 0;
        while (_id < index.Ids.Count)
        {
            var rest = CollectionsMarshal.AsSpan(_events)[_written..];
            var count = FooterPage.Add(page, ref used, index.Ids[_id], _previous, _deletedTo, rest);
            if (count < rest.Length)
            {
                _written += Math.Max(0, count);
                break; // the rest in the next page
            }

            NextId();
        }

        FooterPage.Seal(page, used);
        _firstHashes.Add((ulong)(FooterPage.FirstHash(page) >> 64));
    }
}
