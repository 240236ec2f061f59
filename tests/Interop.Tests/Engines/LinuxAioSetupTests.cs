using AkkaAio.Interop.Engines.LinuxAio;
using AkkaAio.Tests.Support;

namespace AkkaAio.Interop.Tests;

/// <summary>Reads a machine-wide counter: no other test of this assembly runs at the same time.</summary>
[CollectionDefinition(nameof(MachineWide), DisableParallelization = true)]
public sealed class MachineWide;

[Collection(nameof(MachineWide))]
public sealed class LinuxAioSetupTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(1021)]
    public void A_context_reserves_what_it_says_for_as_long_as_it_lives(int depth)
    {
        // Another process may move the counter in between: then the figures of that round say nothing, and the next round tells.
        (long Before, long During, long After) nr;
        var rounds = 0;
        do
        {
            nr = Measure(depth);
        }
        while ((nr.During - nr.Before != LinuxAioContext.ReservationOf(depth) || nr.After != nr.Before) && ++rounds < 100);

        Assert.Equal((nr.Before, nr.Before + LinuxAioContext.ReservationOf(depth), nr.Before), nr);
        Assert.Equal(LinuxAioContext.ReservationOf(depth), new LinuxAioEngine().CapacityOf(depth));
    }

    [Fact]
    public void Disposing_twice_is_harmless()
    {
        var context = new LinuxAioContext(1);
        context.Dispose();
        context.Dispose();

        using var next = new LinuxAioContext(1);
        Assert.Equal(0, next.Reap([], 0, TimeSpan.Zero));
    }

    [Fact]
    public void More_than_the_machine_allows_is_refused_with_the_command_that_helps()
    {
        var max = AioLimits.Read().AioMaxNr;
        var e = Assert.Throws<AioContextException>(() => new LinuxAioContext((int)max));

        Assert.Equal(Errno.EAGAIN, e.Errno);
        Assert.Contains("EAGAIN", e.Message, StringComparison.Ordinal);
        Assert.Contains($"io_setup for {max + 1} operations", e.Message, StringComparison.Ordinal);
        var command = e.Message[e.Message.IndexOf("sysctl -w fs.aio-max-nr=", StringComparison.Ordinal)..];
        Assert.True(long.Parse(command.Split('=')[1], null) > max);
    }

    [Theory]
    [InlineData(100_000_000)]
    [InlineData(int.MaxValue)]
    public void More_than_any_kernel_allows_is_refused_with_the_figure_that_was_asked_for(int depth)
    {
        var e = Assert.Throws<AioContextException>(() => new LinuxAioContext(depth));

        Assert.Contains($"{depth + 1L} operations", e.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void One_that_cannot_be_made_whole_gives_back_what_it_took()
    {
        new LinuxAioContext(1).Dispose(); // all code is loaded, which takes descriptors
        var before = Rings();
        using (var none = NoDescriptors.Take(left: 0))
        {
            var e = Assert.Throws<AioSystemException>(() => new LinuxAioContext(64));
            Assert.Equal((Errno.EMFILE, "/dev/null"), (e.Errno, e.Path));
        }

        Assert.Equal(before, Rings()); // with no collection in between: an idle process has none either
    }

    private static int Rings() => File.ReadLines("/proc/self/maps").Count(line => line.Contains("[aio]", StringComparison.Ordinal));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void A_depth_below_1_is_the_callers_mistake(int depth) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinuxAioContext(depth));

    [Theory]
    [InlineData(0, 65536, 1, 131072)]
    [InlineData(65536, 65536, 1, 131072)]
    [InlineData(0, 1000, 10, 65536)]
    [InlineData(0, 131072, 10, 196608)]
    [InlineData(60000, 65536, 65536, 131072)]
    [InlineData(60000, 65536, 5537, 131072)]
    [InlineData(0, 65536, 1_000_000, 1_048_576)]
    public void The_remedy_is_enough_and_above_the_limit_and_a_multiple_of_the_stock_limit(long nr, long max, long needed, long remedy) =>
        Assert.Equal(
            $"fs.aio-nr is {nr} of fs.aio-max-nr {max}; raise the limit with: sysctl -w fs.aio-max-nr={remedy}",
            new AioLimits(nr, max).Remedy(needed));

    [Fact]
    public void The_capacity_is_what_proc_says()
    {
        var (free, max) = new LinuxAioEngine().Capacity!.Value;

        Assert.Equal(long.Parse(File.ReadAllText("/proc/sys/fs/aio-max-nr"), null), max);
        Assert.InRange(free, 0, max);
        Assert.Equal(0, new AioLimits(10, 5).Free);
    }

    private static (long Before, long During, long After) Measure(int depth)
    {
        var before = AioLimits.Read().AioNr;
        long during;
        using (new LinuxAioContext(depth))
        {
            during = AioLimits.Read().AioNr;
        }

        return (before, during, AioLimits.Read().AioNr);
    }
}
