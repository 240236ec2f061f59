using AkkaAio.Interop.Engines;

namespace AkkaAio.Interop.Tests;

// Wake ends the reap that is waiting, or the next one.
public abstract partial class QueueConformance
{
    public static TheoryData<int> MinNrs { get; } = [1, 2, Depth];

    [Theory]
    [MemberData(nameof(MinNrs))]
    public async Task A_wake_ends_a_reap_that_waits_for_ever(int minNr)
    {
        var reap = new BlockedCall<int>(() => Reap(minNr));
        await reap.UntilAsleep();

        _context.Wake();

        Assert.Equal(0, await reap.Result);
    }

    [Theory]
    [MemberData(nameof(MinNrs))]
    public async Task A_wake_before_the_reap_ends_the_reap(int minNr)
    {
        _context.Wake();

        Assert.Equal(0, await Bounded.Run(() => Reap(minNr)));
    }

    [Theory]
    [MemberData(nameof(MinNrs))]
    public async Task A_wake_ends_a_reap_that_came_after_one_for_another_count(int minNr)
    {
        foreach (var earlier in new[] { 0, 1, Depth })
        {
            Assert.Equal(0, _context.Reap(new IoCompletion[Depth], earlier, TimeSpan.Zero));
            _context.Wake();
            Assert.Equal(0, await Bounded.Run(() => Reap(minNr)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Depth - 1)]
    public async Task A_woken_reap_loses_nothing_of_what_is_there(int there)
    {
        SubmitFirst(there);
        var reap = Bounded.Run(() => Reap(Depth));

        _context.Wake();

        // How many had come when it was woken is the device's business, and the rest the next reaps'.
        var reaped = await reap;
        Assert.InRange(reaped, 0, there);
        while (reaped < there)
        {
            reaped += await Bounded.Run(() => Reap(1));
        }

        Assert.Equal(there, reaped);
    }

    [Fact]
    public async Task A_wake_is_no_completion_and_loses_none_at_full_depth()
    {
        SubmitFirst(Depth);
        _context.Wake();

        var slots = await Bounded.Run(() =>
        {
            var completions = new IoCompletion[Depth];
            var slots = new List<int>();
            while (slots.Count < Depth)
            {
                var reaped = _context.Reap(completions, 1, Timeout.InfiniteTimeSpan);
                slots.AddRange(completions[..reaped].Select(completion => completion.Slot));
            }

            return slots;
        });

        Assert.Equal(Enumerable.Range(0, Depth), slots.Order());
    }

    [Fact]
    public async Task Wakes_do_not_pile_up()
    {
        for (var i = 0; i < 1000; i++)
        {
            _context.Wake();
        }

        Assert.Equal(0, await Bounded.Run(() => Reap(1)));
        SubmitFirst(1);
        Assert.Equal(1, await Bounded.Run(() => Reap(1)));
    }

    [Fact]
    public async Task Wakes_from_many_threads_end_the_reap_and_leave_the_context_sound()
    {
        var reap = new BlockedCall<int>(() => Reap(1));
        await reap.UntilAsleep();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Bounded.Run(_context.Wake)));

        Assert.Equal(0, await reap.Result);
        while (_context.Reap(new IoCompletion[Depth], 1, TimeSpan.Zero) > 0)
        {
        }

        SubmitFirst(Depth);
        Assert.Equal(Depth, _context.ReapAll(Depth).Count);
    }

    [Fact]
    public async Task A_reap_with_an_endless_time_out_in_figures_is_woken_too()
    {
        var reap = new BlockedCall<int>(() => _context.Reap(new IoCompletion[1], 1, TimeSpan.MaxValue));
        await reap.UntilAsleep();

        _context.Wake();

        Assert.Equal(0, await reap.Result);
    }

    [Fact]
    public async Task No_wake_is_lost_however_it_meets_the_reap()
    {
        const int Wakes = 3000;
        using var ended = new SemaphoreSlim(0);
        var stop = false;
        var reaper = Bounded.Run(() =>
        {
            for (var i = 0; !Volatile.Read(ref stop); i++)
            {
                Reap(i % 2 == 0 ? 1 : Depth);
                ended.Release();
            }
        });

        for (var i = 0; i < Wakes; i++)
        {
            while (ended.Wait(0))
            {
            }

            _context.Wake();
            Assert.True(await ended.WaitAsync(Bounded.Patience), $"wake {i} ended no reap");
        }

        // Only now: a reaper that saw it between two reaps would leave the last wake without one.
        Volatile.Write(ref stop, true);
        _context.Wake();
        await reaper;
    }

    private int Reap(int minNr) => _context.Reap(new IoCompletion[Depth], minNr, Timeout.InfiniteTimeSpan);
}
