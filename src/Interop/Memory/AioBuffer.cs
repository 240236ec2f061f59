using System.Buffers;
using System.Runtime.CompilerServices;

namespace AkkaAio;

/// <summary>
/// Page-aligned native memory from an <see cref="AioBufferPool"/>, fit for direct I/O. Whoever holds it disposes it: the memory goes
/// back to the pool when the owner and every operation that uses it are done.
/// </summary>
/// <remarks>
/// <para><see cref="Dispose()"/> is harmless twice; any use after it throws <see cref="ObjectDisposedException"/>, also through a
/// <see cref="Memory{T}"/> taken before. The object is never used again for other memory, so a stale Dispose cannot free a
/// stranger's.</para>
/// <para>An operation in flight holds a reference of its own: an early Dispose only delays the return. A buffer that is forgotten is
/// returned by a finalizer, its <see cref="MemoryBlock"/>'s, and reported to <see cref="AioBufferPool.Leaked"/>. A
/// <see cref="Span{T}"/> does not keep the buffer alive; <see cref="Memory{T}"/> does.</para>
/// </remarks>
public sealed unsafe class AioBuffer : MemoryManager<byte>
{
    /// <summary>Alignment of every buffer's first byte. A page: no device asks for more.</summary>
    public const int Alignment = 4096;

    // The owner's reference. Operations in flight and pins add one each.
    private const int OwnerReference = 1;

    // Null: it is the pool's again. A disposed buffer that is still referred to must not keep the block's next rent from being found
    // when that is forgotten.
    private MemoryBlock? _block;

    // Of a share: the buffer whose reference it holds. Null: the memory is its own.
    private AioBuffer? _shared;
    private int _start;
    private int _length;
    private int _references = OwnerReference;

    // Those of the references that are pins: an Unpin too many must not take an operation's.
    private int _pins;
    private int _disposed;

    internal AioBuffer(MemoryBlock block, int length)
    {
        _block = block;
        _length = length;
    }

    private AioBuffer(AioBuffer shared, int start, int length)
    {
        (_block, _shared) = (shared.Block, shared);
        (_start, _length) = (shared._start + start, length);
    }

    /// <summary>Bytes of <see cref="MemoryManager{T}.Memory"/>.</summary>
    public int Length => _length;

    /// <summary>Whether <see cref="Dispose()"/> has been called.</summary>
    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>Address of the first byte.</summary>
    internal nint Address => Block.Address + _start;

    private MemoryBlock Block => _block ?? throw new ObjectDisposedException(nameof(AioBuffer));

    /// <summary>Bytes from the first byte to the end of the underlying block, at least <see cref="Length"/>.</summary>
    internal int Capacity => (int)Math.Min(int.MaxValue, Block.Size - _start);

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new Span<byte>((void*)Address, _length);
    }

    /// <summary>
    /// Another buffer over the same bytes, which is disposed by itself: so one chunk of a cache can be handed to many readers. The memory
    /// goes back to the pool when the last of them, this one included, has been disposed. Whoever writes to one writes to all.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This buffer has been disposed.</exception>
    public AioBuffer Share() => Share(0, _length);

    /// <summary>As <see cref="Share()"/>, of a part.</summary>
    /// <param name="start">Its first byte in this buffer.</param>
    /// <param name="length">Its length in bytes. It is aligned for direct I/O where start is a multiple of <see cref="Alignment"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not within this buffer.</exception>
    /// <exception cref="ObjectDisposedException">This buffer has been disposed.</exception>
    public AioBuffer Share(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start, (uint)_length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)(_length - start));
        ObjectDisposedException.ThrowIf(!TryAddReference(), this);
        return new AioBuffer(this, start, length);
    }

    /// <summary>Gives the owner's reference back. Harmless when called again.</summary>
    public void Dispose() => Dispose(disposing: true);

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, _length);
        ObjectDisposedException.ThrowIf(!TryAddReference(), this);
        Interlocked.Increment(ref _pins);
        return new MemoryHandle((void*)(Address + elementIndex), pinnable: new PinOnce(this));
    }

    /// <summary>Ends one pin. Harmless when there is none.</summary>
    public override void Unpin()
    {
        var seen = Volatile.Read(ref _pins);
        while (seen > 0)
        {
            var before = Interlocked.CompareExchange(ref _pins, seen - 1, seen);
            if (before == seen)
            {
                Release();
                return;
            }

            seen = before;
        }
    }

    /// <summary>Takes a reference for an operation; false when the owner has disposed the buffer already.</summary>
    internal bool TryAddReference()
    {
        if (IsDisposed)
        {
            return false;
        }

        var seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            var before = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Gives one reference back; the last one returns the memory to the pool.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Volatile.Write(ref _disposed, 1); // an operation may have been the owner
            var (block, shared) = (Block, _shared);
            (_block, _shared) = (null, null);
            if (shared is not null)
            {
                shared.Release();
            }
            else
            {
                block.Pool.Return(block);
            }
        }
    }

    /// <summary>Narrows the buffer to a part of itself, before it is handed to its receiver.</summary>
    internal void Slice(int start, int length)
    {
        _start += start;
        _length = length;
        Block.Sliced(length);
    }

    /// <summary>
    /// The whole underlying range from the first byte, also past <see cref="Length"/>; for operations that hold a reference.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<byte> UncheckedSpan(int start, int length) => new((void*)(Address + start), length);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Release();
        }
    }

    /// <summary>One pin: a <see cref="MemoryHandle"/> is a struct, and each copy of it may be disposed.</summary>
    private sealed class PinOnce(AioBuffer buffer) : IPinnable
    {
        private AioBuffer? _buffer = buffer;

        public MemoryHandle Pin(int elementIndex) =>
            Volatile.Read(ref _buffer) is { } pinned ? pinned.Pin(elementIndex) : throw new ObjectDisposedException(nameof(MemoryHandle));

        public void Unpin() => Interlocked.Exchange(ref _buffer, null)?.Unpin();
    }
}
