using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Shards;

/// <summary>
/// The memory of a vectored operation: a reference to each of the user's buffers, and the iovecs, which are in a buffer of the pool:
/// native, within the budget, and there until the operation has been reaped.
/// </summary>
/// <remarks>
/// Of more buffers than one operation takes the iovecs are a window, which moves on between two operations. Whoever has the operation has
/// this.
/// </remarks>
internal sealed class VectorMemory(Aio.TransferCommand command, int capacity)
{
    private readonly List<Part> _parts = new(capacity);
    private AioBuffer? _table;

    // The part that the last window began in, and the bytes before that part.
    private int _first;
    private int _before;

    /// <summary>Whether the kernel can use the buffers themselves: every one is an <see cref="AioBuffer"/>'s, and aligned.</summary>
    public bool IsAligned { get; private set; } = true;

    /// <summary>Address of the window's iovecs.</summary>
    public nint Table => _table!.Address;

    /// <summary>How many there are.</summary>
    public ushort Count { get; private set; }

    /// <summary>Bytes of the window.</summary>
    public int Bytes { get; private set; }

    public ReadOnlySpan<IoVec> Window => IoVecs[..Count];

    private Span<IoVec> IoVecs => MemoryMarshal.Cast<byte, IoVec>(_table!.UncheckedSpan(0, _table.Length));

    /// <summary>Takes a reference to a buffer; false when it has been disposed.</summary>
    public bool TryAdd(ReadOnlyMemory<byte> memory)
    {
        if (memory.IsEmpty)
        {
            return true;
        }

        if (!MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(memory, out var buffer, out var start, out var length))
        {
            IsAligned = false;
            return true;
        }

        if (!buffer.TryAddReference())
        {
            return false;
        }

        var part = new Part(buffer, buffer.Address + start, length);
        _parts.Add(part);
        IsAligned &= part.Address % command.File.MemoryAlignment == 0 && length % command.File.OffsetAlignment == 0;
        return true;
    }

    /// <summary>Takes memory for the iovecs; false when the pool has none.</summary>
    public bool TryRentTable(AioBufferPool pool)
    {
        _table = pool.TryRent(TableSize, command);
        return _table is not null;
    }

    /// <summary>Bytes that the iovecs take.</summary>
    public int TableSize => Math.Min(_parts.Count, IoVec.MaxCount) * IoVec.Size;

    /// <summary>Makes the window that begins this many bytes behind the start. Nothing of this operation is in flight.</summary>
    /// <param name="done">Less than there are in all, and no less than the last time.</param>
    public void MoveTo(int done)
    {
        while (done - _before >= _parts[_first].Length)
        {
            _before += _parts[_first++].Length;
        }

        var vectors = IoVecs;
        var skip = done - _before;
        (Count, Bytes) = (0, 0);
        for (var i = _first; i < _parts.Count && Count < vectors.Length && Bytes < Operation.MaxTransfer; i++)
        {
            var length = Math.Min(_parts[i].Length - skip, Operation.MaxTransfer - Bytes);
            vectors[Count++] = new IoVec(_parts[i].Address + skip, length);
            Bytes += length;
            skip = 0;
        }
    }

    public void Release()
    {
        foreach (var part in _parts)
        {
            part.Buffer.Release();
        }

        _parts.Clear(); // for good: a second Release would take other operations' references
        _table?.Release();
        _table = null;
    }

    private readonly record struct Part(AioBuffer Buffer, nint Address, int Length);
}
