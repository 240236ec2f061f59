using System.Collections.Concurrent;
using CsCheck;

namespace AkkaAio.Interop.Tests;

/// <summary>Whatever threads do with a pool: no two live buffers share a byte, and the budget is never exceeded.</summary>
public sealed class AioBufferPoolProperties
{
    private const int Threads = 4;

    /// <summary>The budget, and the lengths of the most rents and of the largest ones.</summary>
    public static TheoryData<long, int, int> Pools { get; } = new()
    {
        { 128 * AioBuffer.Alignment, 3 * AioBuffer.Alignment, 60 * AioBuffer.Alignment },
        { 64 << 20, 512 << 10, 5 << 20 }, // with slabs
    };

    /// <summary>Rents of these lengths (0 or more), and returns of a buffer (negative) that any thread has rented.</summary>
    private static Gen<int[]> Script(int most, int largest) => Gen
        .Frequency(
            (5, Gen.Int[0, most]),
            (1, Gen.Int[0, largest]),
            (6, Gen.Int[-1000, -1]))
        .Array[100, 400];

    [Theory]
    [MemberData(nameof(Pools))]
    public void Live_buffers_never_share_memory_and_the_budget_holds(long budget, int most, int largest) =>
        Script(most, largest).Array[Threads].Sample(
        scripts =>
        {
            var pool = new AioBufferPool(budget);
            var shared = new ConcurrentQueue<(AioBuffer Buffer, byte Pattern)>();
            using var start = new Barrier(Threads);
            var threads = scripts.Select((script, index) => Bounded.Run(() =>
            {
                start.SignalAndWait(Bounded.Patience);
                Play(pool, script, shared, (byte)(index * 64));
            })).ToArray();
            Task.WhenAll(threads).GetAwaiter().GetResult();

            Assert.Equal(shared.Count, pool.RentedBuffers);
            while (shared.TryDequeue(out var live))
            {
                Return(live);
            }

            // All that is cached, by whichever thread, must be available in one piece.
            Assert.Equal(0, pool.RentedBuffers);
            pool.Rent((int)budget).Dispose();
            pool.Dispose();
            Assert.Equal(0, pool.AllocatedBytes);
        },
        iter: budget > 1 << 20 ? 15 : 60,
        threads: 1);

    private static void Play(
        AioBufferPool pool, int[] script, ConcurrentQueue<(AioBuffer Buffer, byte Pattern)> shared, byte pattern)
    {
        foreach (var step in script)
        {
            if (step < 0)
            {
                if (shared.TryDequeue(out var live))
                {
                    Return(live);
                }
            }
            else if (pool.TryRent(step) is { } buffer)
            {
                pattern++;
                buffer.UncheckedSpan(0, buffer.Capacity).Fill(pattern);
                shared.Enqueue((buffer, pattern));
            }

            Assert.InRange(pool.AllocatedBytes, 0, pool.BudgetBytes);
        }
    }

    private static void Return((AioBuffer Buffer, byte Pattern) live)
    {
        var bytes = live.Buffer.UncheckedSpan(0, live.Buffer.Capacity);
        Assert.Equal(-1, bytes.IndexOfAnyExcept(live.Pattern));
        live.Buffer.Dispose();
    }
}
