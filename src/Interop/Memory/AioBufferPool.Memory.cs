using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace AkkaAio;

// What the pool takes from the system, and gives back to it.
public sealed unsafe partial class AioBufferPool
{
    // A slab is charged whole while one block of it is out: a small pool would refuse what fits into it.
    private const long LeastForSlabs = 32L * HugePage.Size;

    private readonly bool _hasSlabs;

    private static bool IsHuge(long size) => size >= HugePage.Size && OperatingSystem.IsLinux();

    // Of a new slab one block is for the caller, and the others are for the next ones.
    private bool TryAllocate(int sizeClass, [NotNullWhen(true)] out MemoryBlock? block)
    {
        var size = SizeClasses.SizeOf(sizeClass);
        if (_hasSlabs && Slab.IsFor(size) && TryTakeMemory(HugePage.Size, out var address))
        {
            var blocks = new Slab(address).Cut(this, sizeClass);
            block = blocks[0];
            lock (_depotLock)
            {
                foreach (var other in blocks.Skip(1))
                {
                    PutIntoDepot(other);
                }
            }
        }
        else
        {
            block = TryTakeMemory(size, out address) ? new MemoryBlock(this, address, size, sizeClass) : null;
        }

        return block is not null;
    }

    private bool TryTakeMemory(long size, out nint address)
    {
        address = 0;
        if (!TryCharge(size))
        {
            return false;
        }

        try
        {
            address = IsHuge(size) ? HugePage.Allocate(size) : (nint)NativeMemory.AlignedAlloc((nuint)size, AioBuffer.Alignment);
        }
        catch (OutOfMemoryException)
        {
            Interlocked.Add(ref _allocated, -size);
            throw;
        }

        PoisonMemory(address, size);
        return true;
    }

    // Never beyond the budget, not even for a moment: another thread's request that fits would be refused in that moment.
    private bool TryCharge(long size)
    {
        var seen = Volatile.Read(ref _allocated);
        while (seen + size <= BudgetBytes)
        {
            var before = Interlocked.CompareExchange(ref _allocated, seen + size, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    private void FreeDepot()
    {
        foreach (var stack in _depot)
        {
            var blocks = stack.ToArray();
            stack.Clear();
            foreach (var block in blocks)
            {
                if (block.Slab is { } slab)
                {
                    slab.Idle++;
                }
            }

            foreach (var block in blocks)
            {
                if (block.Slab is { IsIdle: false } && !_disposed)
                {
                    stack.Push(block); // another block of its slab is out: it is no memory for other sizes
                }
                else
                {
                    Free(block);
                }
            }

            foreach (var block in stack)
            {
                block.Slab!.Idle = 0;
            }
        }
    }

    private void Free(MemoryBlock block)
    {
        if (block.Slab is null)
        {
            GiveBack(block.Address, block.Size);
            return;
        }

        lock (_depotLock)
        {
            if (!block.Slab.IsLastToReturn())
            {
                return;
            }
        }

        GiveBack(block.Slab.Address, HugePage.Size);
    }

    private void GiveBack(nint address, long size)
    {
        if (IsHuge(size))
        {
            HugePage.Free(address, size);
        }
        else
        {
            NativeMemory.AlignedFree((void*)address);
        }

        Interlocked.Add(ref _allocated, -size);
    }
}
