namespace AkkaAio;

/// <summary>
/// A piece of native memory. While it is rented only its <see cref="AioBuffer"/> refers to it: one that is forgotten takes its block along,
/// whose finalizer gives the memory back. So a rent makes no finalizable object, which would cost more than all the rest of it.
/// </summary>
internal sealed class MemoryBlock(AioBufferPool pool, nint address, long size, int sizeClass, Slab? slab = null)
{
    private const int NotRented = -1;

    private int _length = NotRented;
    private object? _origin;

    public AioBufferPool Pool => pool;

    public nint Address => address;

    /// <summary>Bytes.</summary>
    public long Size => size;

    public int SizeClass => sizeClass;

    /// <summary>What it is cut from; null: it is memory of its own.</summary>
    public Slab? Slab => slab;

    /// <summary>It is out from now on; what the leak report shows.</summary>
    public void Rented(int length, object? origin) => (_length, _origin) = (length, origin);

    public void Sliced(int length) => _length = length;

    /// <summary>It is the pool's again.</summary>
    public void Returned() => (_length, _origin) = (NotRented, null);

    /// <summary>
    /// The same memory in a new object: this one's finalizer has run or may yet run, and would not, or wrongly, report the next rent.
    /// </summary>
    public MemoryBlock Renewed() => new(pool, address, size, sizeClass, slab);

    ~MemoryBlock()
    {
        if (_length != NotRented) // else it was with a thread that has ended, which gives it back, or with a pool that is gone
        {
            pool.ReturnLeaked(this, _length, _origin);
        }
    }
}
