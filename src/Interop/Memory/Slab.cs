namespace AkkaAio;

/// <summary>One huge page, cut into blocks of one size.</summary>
/// <param name="address">Of the first block.</param>
internal sealed class Slab(nint address)
{
    /// <summary>Bytes. Below, what a huge page gains is little beside what a read costs.</summary>
    public const int SmallestBlock = 64 << 10;

    private int _blocks;
    private int _returned;

    public nint Address => address;

    /// <summary>How many of its blocks nobody uses, while the pool looks for slabs to give back; otherwise 0.</summary>
    public int Idle { get; set; }

    public bool IsIdle => Idle == _blocks;

    /// <summary>Whether blocks of this size in bytes are cut from slabs: those that leave no rest.</summary>
    public static bool IsFor(long blockSize) => blockSize is >= SmallestBlock and < HugePage.Size && HugePage.Size % blockSize == 0;

    public MemoryBlock[] Cut(AioBufferPool pool, int sizeClass)
    {
        var size = SizeClasses.SizeOf(sizeClass);
        _blocks = (int)(HugePage.Size / size);
        return [.. Enumerable.Range(0, _blocks).Select(i => new MemoryBlock(pool, address + (nint)(i * size), size, sizeClass, this))];
    }

    /// <summary>A block is not used again; true for the last one: nothing of the slab is.</summary>
    public bool IsLastToReturn() => ++_returned == _blocks;
}
