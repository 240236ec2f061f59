using System.Collections.Concurrent;
using AkkaAio.Interop.Engines;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

// What a reap waits for and what it returns.
public abstract partial class QueueConformance
{
    [Fact]
    public async Task A_poll_never_waits() =>
        Assert.Equal(0, await Bounded.Run(() => _context.Reap(new IoCompletion[1], 0, Timeout.InfiniteTimeSpan)));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10_000)]
    [InlineData(-2)] // the kernel would wait for ever
    [InlineData(long.MinValue)]
    public async Task A_reap_of_nothing_ends_with_its_time_out(long ticks) =>
        Assert.Equal(0, await Bounded.Run(() => _context.Reap(new IoCompletion[1], 1, new TimeSpan(ticks))));

    [Fact]
    public async Task What_is_there_when_the_time_is_over_is_returned()
    {
        Submit(0, 1, 2);

        // The reads are done when the first reap returns them, whichever reap that is.
        Assert.Equal(3, await Bounded.Run(() =>
        {
            var reaped = 0;
            while (reaped < 3)
            {
                reaped += _context.Reap(new IoCompletion[8], 8, TimeSpan.FromMilliseconds(1));
            }

            return reaped;
        }));
    }

    [Fact]
    public async Task A_wait_for_many_ends_when_they_are_there_and_not_before()
    {
        Submit(0, 1, 2);
        var completions = new IoCompletion[Depth];
        var reap = new BlockedCall<int>(() => _context.Reap(completions, 4, Timeout.InfiniteTimeSpan));
        await reap.UntilAsleep();

        Submit(3);

        Assert.Equal(4, await reap.Result);
        Assert.Equal([0, 1, 2, 3], completions[..4].Select(completion => completion.Slot).Order());
    }

    [Fact]
    public void No_reap_returns_more_than_its_span_takes_and_none_is_lost()
    {
        Submit([.. Enumerable.Range(0, Depth)]);
        var slots = new List<int>();
        var completions = new IoCompletion[3];
        while (slots.Count < Depth)
        {
            var reaped = _context.Reap(completions, 1, Bounded.Patience);
            Assert.InRange(reaped, 1, 3);
            slots.AddRange(completions[..reaped].Select(completion => completion.Slot));
        }

        Assert.Equal(Enumerable.Range(0, Depth), slots.Order());
    }

    [Fact]
    public void A_span_larger_than_the_depth_is_no_harm()
    {
        Submit(0);
        var completions = new IoCompletion[10_000];
        Assert.Equal(1, _context.Reap(completions, 1, Bounded.Patience));
        Assert.Equal(new IoCompletion(0, Block), completions[0]);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(0, 1)]
    [InlineData(1, -1)]
    public async Task A_wait_for_more_than_the_span_takes_is_EINVAL_and_no_hang(int span, int minNr)
    {
        var e = await Assert.ThrowsAsync<AioSystemException>(() =>
            Bounded.Run(() => _context.Reap(new IoCompletion[span], minNr, TimeSpan.Zero)));
        Assert.Equal(Errno.EINVAL, e.Errno);

        Submit(0);
        Assert.Single(_context.ReapAll(1));
    }

    [Fact]
    public async Task One_thread_may_submit_while_another_reaps()
    {
        const int Rounds = 2000;
        using var free = new BlockingCollection<int>();
        Enumerable.Range(0, Depth).ToList().ForEach(free.Add);
        var reaper = Bounded.Run(() =>
        {
            var completions = new IoCompletion[4];
            for (var reaped = 0; reaped < Rounds;)
            {
                var count = _context.Reap(completions, 1, Bounded.Patience);
                reaped += count;
                foreach (var completion in completions[..count])
                {
                    Assert.Equal(Block, completion.Result);
                    free.Add(completion.Slot);
                }
            }
        });
        await Bounded.Run(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                Submit(free.Take());
            }
        });
        await reaper;

        Assert.Equal(Enumerable.Range(0, Depth), free.Order());
    }
}
