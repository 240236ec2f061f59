using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Configuration;

/// <summary>
/// buffer-pool.budget fits into the memory that the process may use: a container's limit ends the process that goes over it.
/// </summary>
public sealed class MemoryBudgetSpecs(ITestOutputHelper output) : Akka.TestKit.Xunit2.TestKit("akka.loglevel = WARNING", output: output)
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(256, 512, 0.5, 256)]
    [InlineData(256, 225, 0.5, 112.5)]
    [InlineData(256, 225, 1, 225)]
    [InlineData(64, 225, 0.5, 64)]
    [InlineData(4096, 1024, 0.25, 256)]
    public void The_budget_is_lowered_to_the_share_of_what_is_available_with_a_warning(
        int budget, int available, double share, double expected)
    {
        var log = CreateTestProbe();
        Sys.EventStream.Subscribe(log.Ref, typeof(Warning));
        Assert.Equal((long)(expected * MiB), Fit(budget, available * MiB, share).BufferBudget);
        Sys.EventStream.Publish(new Warning(null, "end", GetType(), "end"));
        if (expected < budget)
        {
            var warning = log.ExpectMsg<Warning>().Message.ToString()!;
            Assert.Contains(
                $"buffer-pool.budget is {(long)(expected * MiB)} bytes instead of {budget * MiB}", warning, StringComparison.Ordinal);
            Assert.Contains($"{available * MiB} bytes", warning, StringComparison.Ordinal);
        }

        Assert.Equal("end", log.ExpectMsg<Warning>().Message);
    }

    [Fact]
    public void It_is_never_below_one_aligned_buffer() =>
        Assert.Equal(AioBuffer.Alignment, Fit(256, available: 0, share: 0.5).BufferBudget);

    [Fact]
    public void Auto_is_256_MiB_or_the_share_where_that_is_less()
    {
        var share = 128.0 * MiB / MemoryBudget.Available;
        Assert.Equal(Math.Min(256 * MiB, MemoryBudget.Available), MemoryBudget.Auto(share: 1));
        Assert.InRange(Create("auto", share).BufferBudget, (128 * MiB) - 1, 128 * MiB);
    }

    [Fact]
    public void The_extension_keeps_to_it()
    {
        var wanted = MemoryBudget.Available;
        using var system = ActorSystem.Create("large", ConfigurationFactory.ParseString(
            $"akka.io.aio {{ engine = thread-pool, shards = 1, buffer-pool {{ budget = {wanted} B, memory-share = 0.25 }} }}"));
        var aio = AioExt.Get(system);
        Assert.Equal(wanted / 4, aio.Settings.BufferBudget);
        Assert.Equal(wanted / 4, aio.Pool.BudgetBytes);
    }

    private AioSettings Fit(int budget, long available, double share) =>
        MemoryBudget.Fit(Create($"{budget} MiB", share), available, Sys.Log);

    private static AioSettings Create(string budget, double share) => AioSettings.Create(ConfigurationFactory
        .ParseString(string.Create(
            CultureInfo.InvariantCulture, $"akka.io.aio.buffer-pool {{ budget = {budget}, memory-share = {share:F12} }}"))
        .WithFallback(AioSettings.DefaultConfig()));
}
