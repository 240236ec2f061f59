using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace AkkaAio;

/// <summary>
/// Aligned native memory with a byte budget. Blocks are kept per thread in small magazines and exchanged with a common depot a
/// magazine at a time, because a buffer is typically taken on one thread and returned on another: the lock of the depot is met once a
/// magazine, not once a buffer.
/// </summary>
public sealed unsafe partial class AioBufferPool : IDisposable
{
    private readonly Lock _depotLock = new();
    private readonly Stack<MemoryBlock>[] _depot;
    private readonly List<WeakReference<ThreadCache>> _caches = [];
    private readonly ThreadLocal<ThreadCache> _cache;
    private long _allocated;
    private long _retiredRented;
    private bool _disposed;

    /// <summary>Makes an empty pool; memory is taken from the system when it is first needed.</summary>
    /// <param name="budgetBytes">The most native memory that the pool may hold, rented and cached together, in bytes.</param>
    public AioBufferPool(long budgetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budgetBytes, AioBuffer.Alignment);
        BudgetBytes = budgetBytes;
        _hasSlabs = budgetBytes >= LeastForSlabs;
        _depot = new Stack<MemoryBlock>[SizeClasses.Count];
        for (var i = 0; i < _depot.Length; i++)
        {
            _depot[i] = new Stack<MemoryBlock>();
        }

        _cache = new ThreadLocal<ThreadCache>(CreateCache);
    }

    /// <summary>The most native memory that the pool may hold, in bytes.</summary>
    public long BudgetBytes { get; }

    /// <summary>Native memory that the pool holds now, rented and cached together, in bytes.</summary>
    public long AllocatedBytes => Volatile.Read(ref _allocated);

    /// <summary>
    /// Native memory of the buffers that are out now, in bytes: what is held less what waits to be rented again. Exact when no other
    /// thread is renting or returning.
    /// </summary>
    public long RentedBytes
    {
        get
        {
            lock (_depotLock)
            {
                var cached = 0L;
                for (var i = 0; i < _depot.Length; i++)
                {
                    cached += (long)_depot[i].Count * SizeClasses.SizeOf(i);
                }

                foreach (var reference in _caches)
                {
                    cached += reference.TryGetTarget(out var cache) ? cache.CachedBytes : 0;
                }

                return Math.Max(0, AllocatedBytes - cached);
            }
        }
    }

    /// <summary>Buffers that are out now: rented and not yet back. Exact when no other thread is renting or returning.</summary>
    public long RentedBuffers
    {
        get
        {
            lock (_depotLock)
            {
                var rented = _retiredRented;
                foreach (var reference in _caches)
                {
                    if (reference.TryGetTarget(out var cache))
                    {
                        rented += cache.Rented;
                    }
                }

                return rented;
            }
        }
    }

    /// <summary>
    /// Told on the finalizer thread of each buffer that was forgotten: its length in bytes and where it came from. The memory is back
    /// in the pool by then.
    /// </summary>
    public Action<int, object?>? Leaked { get; set; }

    /// <summary>
    /// For tests: every block that is new or comes back is filled with this byte, so that a use of it after that is seen. Null: none.
    /// </summary>
    internal byte? Poison { get; set; }

    /// <summary>A buffer of <paramref name="length"/> bytes, page-aligned, not cleared.</summary>
    /// <param name="length">Bytes, 0 or more.</param>
    /// <param name="origin">What the leak report shows when the buffer is never disposed.</param>
    /// <exception cref="AioBufferBudgetException">The budget is used up.</exception>
    public AioBuffer Rent(int length, object? origin = null) =>
        TryRent(length, origin) ??
        throw new AioBufferBudgetException(SizeClasses.SizeOf(SizeClasses.ClassOf(length)), AllocatedBytes, BudgetBytes);

    /// <summary>As <see cref="Rent"/>, with null where the budget is used up.</summary>
    public AioBuffer? TryRent(int length, object? origin = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        var sizeClass = SizeClasses.ClassOf(length);
        var cache = _cache.Value!;
        if (!cache.TryTake(sizeClass, out var block) &&
            !TryTakeFromDepot(sizeClass, cache, out block) &&
            !TryAllocate(sizeClass, out block) &&
            !TryReclaim(sizeClass, out block))
        {
            return null;
        }

        cache.Rented++;
        block.Rented(length, origin);
        return new AioBuffer(block, length);
    }

    /// <summary>Frees what is cached. Buffers that are still out are freed when they come back.</summary>
    public void Dispose()
    {
        lock (_depotLock)
        {
            _disposed = true;
            DrainCaches();
            FreeDepot();
        }

        // Else every thread that ever rented keeps the pool alive, and through Leaked a whole actor system that has ended.
        _cache.Dispose();
    }

    internal void Return(MemoryBlock block)
    {
        block.Returned();
        PoisonMemory(block.Address, block.Size);
        if (Volatile.Read(ref _disposed) || CacheUnlessDisposed() is not { } cache)
        {
            Free(block);
            lock (_depotLock)
            {
                _retiredRented--;
            }

            return;
        }

        cache.Rented--;
        if (!cache.TryPut(block))
        {
            ReturnToDepot(block, cache);
        }
    }

    private void PoisonMemory(nint address, long size)
    {
        if (Poison is { } poison)
        {
            NativeMemory.Fill((void*)address, (nuint)size, poison);
        }
    }

    // Dispose may come between a look at _disposed and this.
    private ThreadCache? CacheUnlessDisposed()
    {
        try
        {
            return _cache.Value;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    // On the finalizer thread: no thread cache, which would keep the blocks away from everybody else.
    internal void ReturnLeaked(MemoryBlock block, int length, object? origin)
    {
        PoisonMemory(block.Address, block.Size);
        lock (_depotLock)
        {
            _retiredRented--;
            PutIntoDepot(block.Renewed());
        }

        try
        {
            Leaked?.Invoke(length, origin);
        }
        catch (Exception)
        {
            // An exception on the finalizer thread ends the process; a log that fails is not worth that.
        }
    }

    private void ReturnToDepot(MemoryBlock block, ThreadCache cache)
    {
        lock (_depotLock)
        {
            PutIntoDepot(block);
            cache.DrainHalf(block.SizeClass, PutIntoDepot);
        }
    }

    private void PutIntoDepot(MemoryBlock block)
    {
        if (_disposed)
        {
            Free(block);
        }
        else
        {
            _depot[block.SizeClass].Push(block);
        }
    }

    private bool TryTakeFromDepot(int sizeClass, ThreadCache cache, [NotNullWhen(true)] out MemoryBlock? block)
    {
        lock (_depotLock)
        {
            var stack = _depot[sizeClass];
            if (!stack.TryPop(out block))
            {
                return false;
            }

            for (var more = ThreadCache.CapacityOf(sizeClass) / 2; more > 0 && stack.TryPop(out var extra); more--)
            {
                if (!cache.TryPut(extra))
                {
                    stack.Push(extra);
                    break;
                }
            }

            return true;
        }
    }

    // What lies idle counts too, also with other threads, which may never come back for it: use it, or give it back to the system.
    private bool TryReclaim(int sizeClass, [NotNullWhen(true)] out MemoryBlock? block)
    {
        lock (_depotLock)
        {
            DrainCaches();
            if (_depot[sizeClass].TryPop(out block))
            {
                return true;
            }

            FreeDepot();
            return TryAllocate(sizeClass, out block) || TryTakeLarger(sizeClass, out block);
        }
    }

    // What is left in the depot is of slabs that are in use: better too large a block than none.
    private bool TryTakeLarger(int sizeClass, [NotNullWhen(true)] out MemoryBlock? block)
    {
        block = null;
        for (var larger = sizeClass + 1; block is null && larger < _depot.Length; larger++)
        {
            _depot[larger].TryPop(out block);
        }

        return block is not null;
    }

    private void DrainCaches()
    {
        foreach (var reference in _caches)
        {
            if (reference.TryGetTarget(out var cache))
            {
                cache.DrainAll();
            }
        }
    }

    private ThreadCache CreateCache()
    {
        var cache = new ThreadCache(this);
        lock (_depotLock)
        {
            _caches.RemoveAll(reference => !reference.TryGetTarget(out _));
            // Through its finalizer: until that has run, the cache's blocks and figures count.
            _caches.Add(new WeakReference<ThreadCache>(cache, trackResurrection: true));
        }

        return cache;
    }
}
