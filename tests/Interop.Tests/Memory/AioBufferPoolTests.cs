namespace AkkaAio.Interop.Tests;

public sealed class AioBufferPoolTests
{
    private const int Page = AioBuffer.Alignment;

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(Page - 1)]
    public void A_budget_below_a_page_is_refused(long budget) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new AioBufferPool(budget));

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void A_negative_length_is_refused(int length)
    {
        using var pool = new AioBufferPool(Page);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(length));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.TryRent(length));
    }

    [Fact]
    public void A_full_budget_is_refused_with_the_figures_and_recovers()
    {
        using var pool = new AioBufferPool(3 * Page);
        var rented = Enumerable.Range(0, 3).Select(_ => pool.Rent(Page)).ToList();

        var e = Assert.Throws<AioBufferBudgetException>(() => pool.Rent(1));
        Assert.Equal((Page, 3L * Page, 3L * Page), (e.Requested, e.Allocated, e.Budget));
        Assert.Contains("4096 bytes", e.Message, StringComparison.Ordinal);
        Assert.Contains("12288 of the pool's budget of 12288", e.Message, StringComparison.Ordinal);
        Assert.Contains("akka.io.aio.buffer-pool.budget", e.Message, StringComparison.Ordinal);
        Assert.Null(pool.TryRent(0));
        Assert.Equal(3, pool.RentedBuffers);

        rented[1].Dispose();
        using var again = pool.Rent(1);
        rented.ForEach(buffer => buffer.Dispose());
    }

    [Fact]
    public void One_buffer_larger_than_the_budget_is_refused_and_nothing_is_charged()
    {
        using var pool = new AioBufferPool(Page);

        Assert.Throws<AioBufferBudgetException>(() => pool.Rent(int.MaxValue));
        Assert.Equal(0, pool.AllocatedBytes);
        using var fits = pool.Rent(Page);
    }

    [Theory]
    [InlineData(1, 64)] // all of them stay with the thread
    [InlineData(1, 256)] // most go to the depot
    [InlineData(Page + 1, 100)]
    public void What_is_cached_in_one_size_can_be_had_in_another(int length, int count)
    {
        var size = SizeClasses.SizeOf(SizeClasses.ClassOf(length));
        using var pool = new AioBufferPool(count * size);
        RentAndReturn(pool, length, count);
        Assert.Equal(0, pool.RentedBuffers);

        var largest = Enumerable.Range(0, SizeClasses.Count).Last(c => SizeClasses.SizeOf(c) <= pool.BudgetBytes);
        using var large = pool.Rent((int)SizeClasses.SizeOf(largest));

        Assert.InRange(pool.AllocatedBytes, large.Length, pool.BudgetBytes);
    }

    [Fact]
    public async Task What_another_thread_has_cached_can_be_had_in_another_size()
    {
        using var pool = new AioBufferPool(64 * Page);
        var returned = new TaskCompletionSource();
        using var over = new ManualResetEventSlim();
        var other = Bounded.Run(() =>
        {
            RentAndReturn(pool, Page, 64);
            returned.SetResult();
            Assert.True(over.Wait(Bounded.Patience)); // the thread lives on, and with it its cache
        });
        await returned.Task.WaitAsync(Bounded.Patience);

        using (var large = pool.Rent(64 * Page))
        {
            Assert.Equal(64 * Page, large.Length);
        }

        over.Set();
        await other;
    }

    [Fact]
    public async Task What_another_thread_has_cached_can_be_had_in_the_same_size()
    {
        using var pool = new AioBufferPool(64 * Page);
        var returned = new TaskCompletionSource();
        using var over = new ManualResetEventSlim();
        var other = Bounded.Run(() =>
        {
            RentAndReturn(pool, Page, 64);
            returned.SetResult();
            Assert.True(over.Wait(Bounded.Patience));
        });
        await returned.Task.WaitAsync(Bounded.Patience);

        RentAndReturn(pool, Page, 64);

        over.Set();
        await other;
        Assert.Equal(0, pool.RentedBuffers);
    }

    [Fact]
    public async Task Buffers_rented_here_and_returned_there_are_used_again_and_counted_right()
    {
        using var pool = new AioBufferPool(512 * Page);
        for (var round = 0; round < 50; round++)
        {
            var buffers = Enumerable.Range(0, 256).Select(_ => pool.Rent(Page)).ToList();
            Assert.Equal(256, pool.RentedBuffers);
            await Bounded.Run(() => buffers.ForEach(buffer => buffer.Dispose()));
            Assert.Equal(0, pool.RentedBuffers);
        }

        Assert.InRange(pool.AllocatedBytes, 256 * Page, 512 * Page);
    }

    [Fact]
    public async Task Buffers_of_a_thread_that_has_ended_stay_counted()
    {
        using var pool = new AioBufferPool(512 * Page);
        for (var round = 0; round < 5; round++)
        {
            var buffers = await OnAThreadThatEnds(() => Enumerable.Range(0, 10).Select(_ => pool.Rent(Page)).ToList());
            for (var collection = 0; collection < 3; collection++)
            {
                Assert.Equal(10, pool.RentedBuffers);
                GC.Collect();
            }

            GC.WaitForPendingFinalizers();
            Assert.Equal(10, pool.RentedBuffers);
            buffers.ForEach(buffer => buffer.Dispose());
            Assert.Equal(0, pool.RentedBuffers);
        }
    }

    [Fact]
    public void A_pool_that_is_disposed_has_freed_all_that_was_not_out()
    {
        var pool = new AioBufferPool(1 << 20);
        var kept = pool.Rent(Page);
        RentAndReturn(pool, Page, 100);
        RentAndReturn(pool, 100_000, 3);

        pool.Dispose();
        pool.Dispose();

        Assert.Equal(Page, pool.AllocatedBytes);
        Assert.Throws<ObjectDisposedException>(() => pool.Rent(1));
        Assert.Throws<ObjectDisposedException>(() => pool.TryRent(1));
        kept.GetSpan().Fill(1);
        Assert.Equal(1, pool.RentedBuffers);
        kept.Dispose();
        Assert.Equal(0, pool.RentedBuffers);
        Assert.Equal(0, pool.AllocatedBytes);
    }

    [Fact]
    public async Task A_pool_that_is_disposed_has_freed_what_other_threads_had_cached()
    {
        var pool = new AioBufferPool(1 << 20);
        var returned = new TaskCompletionSource();
        using var over = new ManualResetEventSlim();
        var other = Bounded.Run(() =>
        {
            RentAndReturn(pool, Page, 10);
            returned.SetResult();
            Assert.True(over.Wait(Bounded.Patience));
        });
        await returned.Task.WaitAsync(Bounded.Patience);

        pool.Dispose();

        Assert.Equal(0, pool.AllocatedBytes);
        over.Set();
        await other;
    }

    [Fact]
    public async Task Concurrent_requests_that_are_too_large_do_not_make_one_that_fits_fail()
    {
        using var pool = new AioBufferPool(Page);
        var stop = false;
        var greedy = Bounded.Run(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                Assert.Null(pool.TryRent(1 << 20));
            }
        });
        for (var i = 0; i < 20_000; i++)
        {
            pool.Rent(1).Dispose();
            Assert.InRange(pool.AllocatedBytes, 0, Page);
        }

        Volatile.Write(ref stop, true);
        await greedy;
    }

    private static void RentAndReturn(AioBufferPool pool, int length, int count) =>
        Enumerable.Range(0, count).Select(_ => pool.Rent(length)).ToList().ForEach(buffer => buffer.Dispose());

    private static async Task<T> OnAThreadThatEnds<T>(Func<T> action)
    {
        var result = new TaskCompletionSource<T>();
        var thread = new Thread(() => result.SetResult(action()));
        thread.Start();
        Assert.True(thread.Join(Bounded.Patience));
        return await result.Task;
    }
}
