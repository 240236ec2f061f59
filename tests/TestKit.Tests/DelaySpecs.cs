using AkkaAio.TestKit.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace AkkaAio.TestKit.Tests;

/// <summary>A delayed operation ends when the disk's clock is there, and the thread that waits for completions sees it.</summary>
public sealed class DelaySpecs : OnDisk
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task It_ends_when_time_has_moved_far_enough()
    {
        await using var file = await OpenBlocks("/a", 2);
        using var rule = Disk.Reads().Delay(Delay);
        var reads = new[] { file.ReadAsync(new byte[Block], 0).AsTask(), file.ReadAsync(new byte[Block], Block).AsTask() };
        await rule.WhenHit(2);

        Clock.Advance(Delay - TimeSpan.FromMilliseconds(1));
        Assert.DoesNotContain(reads, read => read.IsCompleted);
        Assert.Equal(2, Disk.RunningOperations.Count(operation => operation.State == DiskOperationState.Delayed));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.All(await Task.WhenAll(reads).WaitAsync(Patience), count => Assert.Equal(Block, count));
        Assert.All(
            Disk.Operations.Where(operation => operation.Kind == DiskOperationKind.Read),
            read => Assert.Equal(Delay, read.EndedAt - read.StartedAt));
    }

    [Fact]
    public async Task A_rule_says_that_it_has_hit_when_time_may_be_moved_and_not_before()
    {
        var clock = new WatchedClock();
        var disk = new AioTestDisk { Time = clock };
        using var system = NewSystem(disk);
        using var rule = disk.Opens().Delay(Delay);
        clock.OnTimer = () => rule.Hits;
        var opening = AioExt.Get(system).OpenAsync("/a", New);
        await rule.WhenHit();
        Assert.Equal(0, clock.Seen);
        clock.Advance(Delay);
        await (await opening.WaitAsync(Patience)).DisposeAsync();
        await system.Terminate();
    }

    [Fact]
    public async Task One_is_overtaken_by_those_that_are_not_delayed()
    {
        await using var file = await OpenBlocks("/a", 2);
        using var rule = Disk.Reads().Times(1).Delay(Delay);
        var slow = file.ReadAsync(new byte[Block], 0).AsTask();
        await rule.WhenHit();
        await file.ReadAsync(new byte[Block], Block).AsTask().WaitAsync(Patience);
        Assert.False(slow.IsCompleted);
        Clock.Advance(Delay);
        await slow.WaitAsync(Patience);
    }

    [Fact]
    public async Task What_blocks_a_thread_iDelayed_there()
    {
        using var rule = Disk.Opens().Delay(Delay);
        var opening = Aio.OpenAsync("/b", New);
        await rule.WhenHit();
        Assert.False(opening.IsCompleted);
        Clock.Advance(Delay);
        await (await opening.WaitAsync(Patience)).DisposeAsync();
    }

    [Fact]
    public async Task Without_a_clock_of_the_tests_it_is_the_machines()
    {
        var disk = new AioTestDisk();
        using var system = NewSystem(disk);
        disk.WriteAllBytes("/a", BlockOf(1));
        using var rule = disk.Reads().Delay(Delay);
        await using (var file = await AioExt.Get(system).OpenAsync("/a"))
        {
            await file.ReadAsync(new byte[Block], 0).AsTask().WaitAsync(Patience);
        }

        var read = Assert.Single(disk.Operations, operation => operation.Kind == DiskOperationKind.Read);
        Assert.InRange(read.EndedAt!.Value - read.StartedAt, Delay - TimeSpan.FromMilliseconds(1), Patience);
        await system.Terminate();
    }

    [Fact]
    public async Task A_delay_that_is_due_after_the_actor_systems_end_harms_nothing()
    {
        var clock = new FakeTimeProvider();
        var disk = new AioTestDisk { Time = clock };
        using var system = NewSystem(disk);
        disk.WriteAllBytes("/a", BlockOf(1));
        var file = await AioExt.Get(system).OpenAsync("/a");
        using var rule = disk.Reads().Delay(Delay);
        var read = file.ReadAsync(new byte[Block], 0).AsTask();
        await rule.WhenHit();
        var end = system.Terminate();
        clock.Advance(Delay);
        await end.WaitAsync(Patience);
        await read.WaitAsync(Patience);
        await disk.ExpectNoLeaks(system);
    }

    private sealed class WatchedClock : FakeTimeProvider
    {
        public Func<long> OnTimer { get; set; } = () => 0;

        public long? Seen { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Seen ??= OnTimer();
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
