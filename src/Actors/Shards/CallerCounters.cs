using System.Runtime.InteropServices;

namespace AkkaAio.Shards;

/// <summary>
/// The figures of reads that their callers did themselves. Any thread's: each processor has a cell, so that two threads seldom meet on one.
/// </summary>
internal sealed class CallerCounters
{
    private readonly Cell[] _cells = new Cell[Environment.ProcessorCount];

    public long Reads => Sum(static (ref cell) => Volatile.Read(ref cell.Reads));

    public long ReadBytes => Sum(static (ref cell) => Volatile.Read(ref cell.Bytes));

    /// <summary>Those that the page cache did not have, or that the shard had to do again.</summary>
    public long Misses => Sum(static (ref cell) => Volatile.Read(ref cell.Misses));

    private delegate long Figure(ref Cell cell);

    public void Count(bool isHit, int bytes)
    {
        ref var cell = ref _cells[Thread.GetCurrentProcessorId() % _cells.Length];
        if (isHit)
        {
            Interlocked.Increment(ref cell.Reads); // the thread may have moved to another processor since
            Interlocked.Add(ref cell.Bytes, bytes);
        }
        else
        {
            Interlocked.Increment(ref cell.Misses);
        }
    }

    private long Sum(Figure figure)
    {
        var sum = 0L;
        for (var i = 0; i < _cells.Length; i++)
        {
            sum += figure(ref _cells[i]);
        }

        return sum;
    }

    // As large as two cache lines, which processors fetch together: in one line the cells would be one shared counter again.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Cell
    {
        public long Reads;
        public long Bytes;
        public long Misses;
    }
}
