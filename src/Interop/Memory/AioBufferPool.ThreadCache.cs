using System.Diagnostics.CodeAnalysis;

namespace AkkaAio;

// What keeps the depot's lock away from most rents and returns.
public sealed partial class AioBufferPool
{
    /// <summary>
    /// What one thread keeps; its finalizer, after the thread's end, gives the blocks to the depot. Its lock is met by others only when
    /// the budget is used up or the pool is disposed; it is taken after the depot's, never before.
    /// </summary>
    private sealed class ThreadCache(AioBufferPool pool)
    {
        // Per class. Enough that a batch of 32 small buffers rarely meets the lock, and no more than 256 KiB of a class on one thread.
        private const int MaxBlocks = 64;
        private const long MaxBytesPerClass = 256 * 1024;

        private readonly Lock _lock = new();
        // Not of large blocks: one on each thread is memory that others miss, and their copying costs more than the depot's lock.
        private readonly Stack<MemoryBlock>?[] _blocks = new Stack<MemoryBlock>?[SizeClasses.ClassOf(Slab.SmallestBlock)];

        /// <summary>Rents minus returns of this thread; negative on a thread that mostly returns. Written by this thread alone.</summary>
        public long Rented;

        /// <summary>Any thread, with the depot's lock: what waits here to be rented again.</summary>
        public long CachedBytes
        {
            get
            {
                lock (_lock)
                {
                    return _blocks.Select((blocks, sizeClass) => (blocks?.Count ?? 0L) * SizeClasses.SizeOf(sizeClass)).Sum();
                }
            }
        }

        public static int CapacityOf(int sizeClass) =>
            (int)Math.Min(MaxBlocks, MaxBytesPerClass / SizeClasses.SizeOf(sizeClass));

        public bool TryTake(int sizeClass, [NotNullWhen(true)] out MemoryBlock? block)
        {
            lock (_lock)
            {
                if ((uint)sizeClass < (uint)_blocks.Length && _blocks[sizeClass] is { } stack)
                {
                    return stack.TryPop(out block);
                }
            }

            block = null;
            return false;
        }

        public bool TryPut(MemoryBlock block)
        {
            if ((uint)block.SizeClass >= (uint)_blocks.Length)
            {
                return false;
            }

            lock (_lock)
            {
                var stack = _blocks[block.SizeClass] ??= new Stack<MemoryBlock>();
                if (stack.Count >= CapacityOf(block.SizeClass) || Volatile.Read(ref pool._disposed))
                {
                    return false;
                }

                stack.Push(block);
                return true;
            }
        }

        public void DrainHalf(int sizeClass, Action<MemoryBlock> put)
        {
            lock (_lock)
            {
                if ((uint)sizeClass < (uint)_blocks.Length && _blocks[sizeClass] is { } stack)
                {
                    for (var count = stack.Count / 2; count > 0; count--)
                    {
                        put(stack.Pop());
                    }
                }
            }
        }

        /// <summary>Gives all to the depot. Renewed: where the thread has ended, their finalizers may have run.</summary>
        public void DrainAll()
        {
            lock (_lock)
            {
                foreach (var stack in _blocks)
                {
                    while (stack is not null && stack.TryPop(out var block))
                    {
                        pool.PutIntoDepot(block.Renewed());
                    }
                }
            }
        }

        ~ThreadCache()
        {
            lock (pool._depotLock)
            {
                pool._retiredRented += Rented;
                Rented = 0;
                DrainAll();
            }
        }
    }
}
