using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AkkaAio.Files;

/// <summary>Numbers that many threads add to: a cell for each processor, so that no two of them meet at one but by chance.</summary>
internal sealed class PerProcessor
{
    // More processors share: a cell costs two cache lines.
    private const int MostCells = 16;

    private readonly Cell[] _cells = new Cell[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(Environment.ProcessorCount, 1, MostCells))];

    public int Count => _cells.Length;

    /// <summary>The index of the cell for the present processor. The thread may leave it at any moment: add with interlocked operations.</summary>
    public int Here => Thread.GetCurrentProcessorId() & (_cells.Length - 1);

    public ref Cell this[int index] => ref _cells[index];

    public long Sum(int counter)
    {
        var sum = 0L;
        foreach (ref var cell in _cells.AsSpan())
        {
            sum += Volatile.Read(ref cell.Counters[counter]);
        }

        return sum;
    }

    /// <summary>Some numbers on cache lines of their own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct Cell
    {
        [FieldOffset(64)]
        public Numbers Counters;
    }

    [InlineArray(4)]
    public struct Numbers
    {
        private long _first;
    }
}
