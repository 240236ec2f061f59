using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Shards;

/// <summary>
/// The buffers of an <see cref="Aio.VectorCommand"/> that the kernel uses in place, and the array of <c>struct iovec</c> that says so,
/// in memory of the pool. A reference to each is held until <see cref="Release"/>.
/// </summary>
internal sealed class VectoredMemory
{
    private readonly Aio.VectorCommand _command;
    private readonly AioBuffer _array;
    private readonly int _vectors;

    // The vectors in front of it are done; so many bytes are.
    private int _first;
    private int _done;

    private VectoredMemory(Aio.VectorCommand command, AioBuffer array, int vectors)
    {
        _command = command;
        _array = array;
        _vectors = vectors;
    }

    /// <summary>Of the next operation's array.</summary>
    public nint Address => _array.Address + (_first * Marshal.SizeOf<IoVec>());

    /// <summary>Buffers of the next operation.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the next operation.</summary>
    public int Length { get; private set; }

    private Span<IoVec> Vectors => MemoryMarshal.Cast<byte, IoVec>(_array.UncheckedSpan(0, _vectors * Marshal.SizeOf<IoVec>()));

    /// <summary>
    /// Null, and no error: one of the buffers is no <see cref="AioBuffer"/>'s or not aligned, and a copy is needed.
    /// </summary>
    public static VectoredMemory? TryMake(Aio.VectorCommand command, AioBufferPool pool, out AioException? error)
    {
        error = null;
        var vectors = CountAligned(command);
        if (vectors == 0)
        {
            return null;
        }

        var bytes = vectors * Marshal.SizeOf<IoVec>();
        if (pool.TryRent(bytes, command) is not { } array)
        {
            error = Preparation.NoBudget(bytes, pool);
            return null;
        }

        var memory = new VectoredMemory(command, array, vectors);
        if (memory.TryFill())
        {
            memory.MoveTo(0);
            return memory;
        }

        array.Release();
        error = new AioBufferDisposedException(command.Name, command.File.Path);
        return null;
    }

    /// <summary>
    /// What the next operation is, with so many bytes done: no more buffers than the kernel takes. Never back, but any number of times.
    /// </summary>
    public void MoveTo(int done)
    {
        var vectors = Vectors;
        while (_done < done)
        {
            var (address, length) = vectors[_first];
            var part = (int)Math.Min(length, done - _done);
            _done += part;
            if (part == length)
            {
                _first++;
            }
            else
            {
                vectors[_first] = new IoVec(address + part, length - part);
            }
        }

        (Count, Length) = (0, 0);
        for (var i = _first; i < _vectors && Count < IoVec.MaxCount && Length + vectors[i].Length <= Slot.MaxTransfer; i++)
        {
            Count++;
            Length += (int)vectors[i].Length;
        }
    }

    /// <summary>Gives up the references.</summary>
    public void Release()
    {
        ReleaseFirst(_command.Count);
        _array.Release();
    }

    // How many vectors there will be; 0 when a buffer cannot be used in place.
    private static int CountAligned(Aio.VectorCommand command)
    {
        var file = command.File;
        if (command.Offset % file.OffsetAlignment != 0)
        {
            return 0;
        }

        var vectors = 0;
        for (var i = 0; i < command.Count; i++)
        {
            var memory = command[i];
            if (memory.IsEmpty)
            {
                continue;
            }

            if (!TryGet(memory, out var buffer, out var start) || memory.Length % file.OffsetAlignment != 0 ||
                (buffer.Address + start) % file.MemoryAlignment != 0)
            {
                return 0;
            }

            vectors += (memory.Length + Slot.MaxTransfer - 1) / Slot.MaxTransfer;
        }

        return vectors;
    }

    // False: one of them has been disposed, and no reference is held.
    private bool TryFill()
    {
        var vectors = Vectors;
        var next = 0;
        for (var i = 0; i < _command.Count; i++)
        {
            var memory = _command[i];
            if (memory.IsEmpty)
            {
                continue;
            }

            TryGet(memory, out var buffer, out var start);
            if (!buffer.TryAddReference())
            {
                ReleaseFirst(i);
                return false;
            }

            // No vector is longer than one operation.
            for (var done = 0; done < memory.Length; done += Slot.MaxTransfer)
            {
                vectors[next++] = new IoVec(buffer.Address + start + done, Math.Min(memory.Length - done, Slot.MaxTransfer));
            }
        }

        return true;
    }

    private void ReleaseFirst(int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (!_command[i].IsEmpty && TryGet(_command[i], out var buffer, out _))
            {
                buffer.Release();
            }
        }
    }

    private static bool TryGet(ReadOnlyMemory<byte> memory, out AioBuffer buffer, out int start)
    {
        var found = MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(memory, out var manager, out start, out _);
        buffer = manager!;
        return found;
    }
}
