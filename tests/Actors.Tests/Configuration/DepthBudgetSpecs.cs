using Akka.Actor;
using Akka.Event;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Configuration;

/// <summary>shards · depth fits into what the machine's limit leaves, or the start says how to raise it.</summary>
public sealed class DepthBudgetSpecs(ITestOutputHelper output) : Akka.TestKit.Xunit2.TestKit("akka.loglevel = WARNING", output: output)
{
    public static TheoryData<int, int, long, long, double, int> Fits { get; } = new()
    {
        // shards, depth, free, max, share, expected
        { 1, 256, 65536, 65536, 0.5, 256 },
        { 4, 256, 1024, 65536, 0.5, 256 },
        { 4, 256, 1023, 65536, 0.5, 128 },
        { 4, 256, 511, 65536, 0.5, 64 },
        { 4, 256, 65536, 1024, 0.5, 128 },
        { 4, 256, 65536, 1024, 1, 256 },
        { 1, 256, 16, 65536, 1, 16 },
        { 1, 100, 65536, 100, 0.25, 25 },
        { 1, 8, 8, 65536, 1, 8 },
    };

    public static TheoryData<int, int, long, long, double> TooLittleIsLeft { get; } = new()
    {
        { 1, 256, 15, 65536, 1 }, { 1, 256, 0, 65536, 1 }, { 4, 16, 63, 65536, 1 }, { 1, 8, 7, 65536, 1 }, { 1, 100, 24, 65536, 1 },
        { 1, 256, 65536, 65536, 0.0001 }, { 1, 1, 0, 0, 1 }, { 4, 256, 50, 50, 1 },
    };

    [Theory]
    [MemberData(nameof(Fits))]
    public void The_depth_is_halved_until_it_fits_with_a_warning_and_not_below_16(
        int shards, int depth, long free, long max, double share, int expected)
    {
        var log = CreateTestProbe();
        Sys.EventStream.Subscribe(log.Ref, typeof(Warning));
        Assert.Equal(expected, Fit(shards, depth, free, max, share));
        if (expected == depth)
        {
            Sys.EventStream.Publish(new Warning(null, "end", GetType(), "end"));
            Assert.Equal("end", log.ExpectMsg<Warning>().Message);
        }
        else
        {
            var warning = log.ExpectMsg<Warning>().Message.ToString()!;
            Assert.Contains($"depth is {expected} instead of {depth}", warning, StringComparison.Ordinal);
            Assert.Contains($"{max}", warning, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(TooLittleIsLeft))]
    public void Where_too_little_is_left_the_start_fails_with_the_sysctl(int shards, int depth, long free, long max, double share)
    {
        var error = Assert.Throws<AioContextException>(() => Fit(shards, depth, free, max, share));
        Assert.Equal(Errno.EAGAIN, error.Errno);
        var advised = long.Parse(
            System.Text.RegularExpressions.Regex.Match(error.Message, "sysctl -w fs.aio-max-nr=([0-9]+)").Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(advised > max, error.Message);
        Assert.Equal(depth, Fit(shards, depth, free + advised - max, advised, share)); // with it, it fits
        Assert.Equal(shards > 1, error.Message.Contains("lower akka.io.aio.shards", StringComparison.Ordinal));
        Assert.Equal(share < 1 && free >= Math.Min(depth, 16), error.Message.Contains("aio-max-nr-share", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(4, 256, 1023, 1.0, 65536)]
    [InlineData(1024, 65536, 65536, 1.0, 67108864)]
    [InlineData(1024, 65536, 65536, 0.5, 134217728)]
    public void Above_the_limit_itself_it_is_a_wrong_configuration(int shards, int depth, long max, double share, long enough)
    {
        var error = Assert.Throws<AioConfigurationException>(() => Fit(shards, depth, max, max, share));
        Assert.Equal("akka.io.aio.depth", error.Key);
        Assert.Contains($"sysctl -w fs.aio-max-nr={enough}", error.Message, StringComparison.Ordinal);
        Assert.Equal(depth, Fit(shards, depth, enough, enough, share)); // with it, it fits
    }

    [Fact]
    public void An_engine_without_a_limit_takes_any_depth() => Assert.Equal(65536, DepthBudget.Fit(
        Settings(1024, 65536, 0.5), new MemoryEngine(), Log));

    [Fact]
    public async Task A_system_runs_with_the_halved_depth()
    {
        var engine = new MemoryEngine { Capacity = (150, 65536) };
        var system = ActorSystem.Create("halved", AioTestKit.SetupOf(EngineKind.Memory, engine, "akka.io.aio { shards = 2, depth = 256 }"));
        try
        {
            Assert.Equal(64, AioExt.Get(system).Depth);
            await AwaitAssertAsync(async () =>
            {
                var stats = await system.Aio().Ask<Aio.Stats>(new Aio.GetStats(), Patience.Long);
                Assert.All(stats.Shards, shard => Assert.Equal(64, shard.Depth));
            });
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience.Long);
        }
    }

    private int Fit(int shards, int depth, long free, long max, double share) =>
        DepthBudget.Fit(Settings(shards, depth, share), new MemoryEngine { Capacity = (free, max) }, Log);

    private static AioSettings Settings(int shards, int depth, double share) => AioSettings.Create(
        Akka.Configuration.ConfigurationFactory.ParseString(
            FormattableString.Invariant($"akka.io.aio {{ shards = {shards}, depth = {depth}, aio-max-nr-share = {share} }}"))
            .WithFallback(AioSettings.DefaultConfig()));
}
