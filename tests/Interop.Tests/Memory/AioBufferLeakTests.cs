using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace AkkaAio.Interop.Tests;

public sealed class AioBufferLeakTests
{
    [Fact]
    public void A_forgotten_buffer_is_returned_and_reported_with_its_origin()
    {
        using var pool = new AioBufferPool(10 * AioBuffer.Alignment);
        var leaks = new ConcurrentQueue<(int Length, object? Origin)>();
        pool.Leaked = (length, origin) => leaks.Enqueue((length, origin));

        Forget(pool, 100, "read of /data/log");
        Collect();

        Assert.Equal([(100, "read of /data/log")], leaks);
        Assert.Equal(0, pool.RentedBuffers);
        Forget(pool, 10 * AioBuffer.Alignment, null); // the whole budget is there again
        Collect();
        Assert.Equal(2, leaks.Count);
        Assert.Equal(0, pool.RentedBuffers);
    }

    [Fact]
    public void A_share_that_is_held_keeps_the_memory()
    {
        using var pool = new AioBufferPool(1 << 20);
        var leaks = new ConcurrentQueue<int>();
        pool.Leaked = (length, _) => leaks.Enqueue(length);
        var share = ShareOnly(pool);
        Collect();
        Assert.Empty(leaks);
        Assert.Equal(7, share.GetSpan()[0]);
        share.Dispose();
        Assert.Equal(0, pool.RentedBuffers);
    }

    [Fact]
    public void A_forgotten_share_is_a_leak_of_its_buffer()
    {
        using var pool = new AioBufferPool(1 << 20);
        var leaks = new ConcurrentQueue<int>();
        pool.Leaked = (length, _) => leaks.Enqueue(length);
        ForgetShare(pool);
        Collect();
        Assert.Single(leaks);
        Assert.Equal(0, pool.RentedBuffers);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForgetShare(AioBufferPool pool) => ShareOnly(pool);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static AioBuffer ShareOnly(AioBufferPool pool)
    {
        using var buffer = pool.Rent(100);
        buffer.GetSpan()[0] = 7;
        return buffer.Share();
    }

    [Fact]
    public void A_forgotten_buffer_is_found_although_another_that_had_its_memory_before_is_still_held()
    {
        using var pool = new AioBufferPool(AioBuffer.Alignment);
        var leaks = new ConcurrentQueue<int>();
        pool.Leaked = (length, _) => leaks.Enqueue(length);
        var owner = pool.Rent(1);
        var share = owner.Share();
        owner.Dispose();
        share.Dispose();

        Forget(pool, 2, null);
        Collect();

        Assert.Equal([2], leaks);
        GC.KeepAlive(owner);
        GC.KeepAlive(share);
    }

    [Fact]
    public void A_buffer_that_is_disposed_or_held_through_its_memory_is_no_leak()
    {
        using var pool = new AioBufferPool(1 << 20);
        var leaks = new ConcurrentQueue<int>();
        pool.Leaked = (length, _) => leaks.Enqueue(length);

        var memory = MemoryOnly(pool);
        pool.Rent(1).Dispose();
        Collect();

        Assert.Empty(leaks);
        Assert.Equal(7, memory.Span[0]);
        Assert.Equal(1, pool.RentedBuffers);
        GC.KeepAlive(memory);
    }

    [Fact]
    public void A_buffer_that_is_forgotten_after_its_pool_was_disposed_is_freed()
    {
        var pool = new AioBufferPool(1 << 20);
        Forget(pool, 100, null);
        pool.Dispose();

        Collect();

        Assert.Equal(0, pool.AllocatedBytes);
        Assert.Equal(0, pool.RentedBuffers);
    }

    [Fact]
    public void A_buffer_whose_last_reference_an_operation_gave_back_is_not_returned_again()
    {
        using var pool = new AioBufferPool(1 << 20);
        var leaks = 0;
        pool.Leaked = (_, _) => leaks++;

        ReleaseOnly(pool);
        Collect();

        Assert.Equal(0, leaks);
        Assert.Equal(0, pool.RentedBuffers);
        using var one = pool.Rent(100);
        using var two = pool.Rent(100);
        Assert.NotEqual(one.Address, two.Address);
    }

    [Fact]
    public void Blocks_of_threads_that_have_ended_are_no_leaks_once_another_has_rented_them()
    {
        const int Blocks = 64;
        using var pool = new AioBufferPool(Blocks * AioBuffer.Alignment);
        var leaks = 0;
        pool.Leaked = (_, _) => Interlocked.Increment(ref leaks);
        for (var round = 0; round < 50; round++)
        {
            RentAndReturnOnAnotherThread(pool, Blocks);
            Collect(); // a ThreadLocal lets go of a thread's value in a finalizer of its own
            GC.Collect(); // from now on the finalizer thread gets to them, at some moment while they are rented here

            var buffers = Enumerable.Range(0, Blocks).Select(_ => pool.Rent(100)).ToArray();
            Collect();

            Assert.Equal(Blocks, pool.RentedBuffers);
            Assert.Null(pool.TryRent(100));
            Assert.Equal(Blocks, buffers.Select(buffer => buffer.Address).Distinct().Count());
            Array.ForEach(buffers, buffer => buffer.Dispose());
        }

        Assert.Equal(0, leaks);
    }

    [Fact]
    public void A_report_that_throws_does_not_take_the_process_down()
    {
        using var pool = new AioBufferPool(1 << 20);
        var reports = 0;
        pool.Leaked = (_, _) =>
        {
            reports++;
            throw new InvalidOperationException("the log is broken");
        };

        Forget(pool, 100, null);
        Collect();

        Assert.Equal(1, reports);
        Assert.Equal(0, pool.RentedBuffers);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(AioBufferPool pool, int length, object? origin) => pool.Rent(length, origin).GetSpan().Fill(1);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReleaseOnly(AioBufferPool pool)
    {
        var buffer = pool.Rent(100);
        buffer.Release();
        Assert.True(buffer.IsDisposed);
        Assert.False(buffer.TryAddReference());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Memory<byte> MemoryOnly(AioBufferPool pool)
    {
        var buffer = pool.Rent(100);
        buffer.GetSpan().Fill(7);
        return buffer.Memory;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RentAndReturnOnAnotherThread(AioBufferPool pool, int count)
    {
        var thread = new Thread(() =>
        {
            var buffers = Enumerable.Range(0, count).Select(_ => pool.Rent(100)).ToArray();
            Array.ForEach(buffers, buffer => buffer.Dispose());
        });
        thread.Start();
        thread.Join();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
