using Akka.Actor;
using Akka.TestKit.Xunit2;
using AkkaAio.Engines;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.Memory;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Configuration;

/// <summary>Which engine a configuration gets, and what is said where it is not the one that was wanted.</summary>
public sealed class EngineSpecs(ITestOutputHelper output) : TestKit("akka.loglevel = WARNING", output: output)
{
    private const string Reason = "no such thing; build it";

    [Fact]
    public void Auto_takes_linux_aio_where_it_is_usable_and_says_nothing()
    {
        EventFilter.Warning().Expect(0, () =>
        {
            var choice = Choose("auto");
            Assert.Equal("linux-aio", choice.Engine.Name);
            Assert.Contains("linux-aio is usable", choice.Reason, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Auto_falls_back_to_threads_and_says_why_once()
    {
        EventFilter.Warning(contains: Reason).ExpectOne(() =>
        {
            var choice = Choose("auto", unavailable: "linux-aio");
            Assert.Equal("thread-pool", choice.Engine.Name);
            Assert.Contains(Reason, choice.Reason, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("linux-aio")]
    [InlineData("thread-pool")]
    public void A_named_engine_that_is_unavailable_fails_the_start_with_the_reason(string name)
    {
        var error = Assert.Throws<AioConfigurationException>(() => Choose(name, unavailable: name));

        Assert.Contains("akka.io.aio.engine", error.Message, StringComparison.Ordinal);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(Reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_engine_that_this_build_does_not_have_fails_the_start()
    {
        var error = Assert.Throws<AioConfigurationException>(() => EngineChoice.Make("thread-pool", _ => null, Log));
        Assert.Contains("this build", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_name_of_the_table_is_a_setting_and_names_its_engine()
    {
        Assert.Equal(["auto", .. EngineTable.Names], AioSettings.EngineNames);
        foreach (var name in EngineTable.Names)
        {
            if (EngineTable.Make(name) is { } engine)
            {
                Assert.Equal(name, engine.Name);
            }
            else
            {
                Output!.WriteLine($"{name} is not in this build");
            }
        }
    }

    [Fact]
    public async Task The_system_says_which_engine_it_has_and_why()
    {
        using var system = ActorSystem.Create("engine", "akka.io.aio { engine = thread-pool, shards = 1 }");
        var stats = await system.Aio().Ask<Aio.Stats>(new Aio.GetStats(), Support.Patience.Long);

        Assert.Equal("thread-pool", stats.Engine);
        Assert.Equal("akka.io.aio.engine = thread-pool", stats.EngineReason);
        Assert.Equal("thread-pool", AioExt.Get(system).EngineName);
        await system.Terminate();
    }

    private EngineChoice Choose(string name, string? unavailable = null) =>
        EngineChoice.Make(name, asked => new FakeEngine(asked, asked == unavailable ? Reason : null), Log);

    private sealed class FakeEngine(string name, string? unavailable) : IIoEngine
    {
        private readonly MemoryEngine _memory = new();

        public string Name => name;

        public (long Free, long Max)? Capacity => null;

        public bool TakesBuffered => false;

        public string? WhyUnavailable() => unavailable;

        public long CapacityOf(int depth) => depth;

        public IIoContext CreateContext(int depth) => _memory.CreateContext(depth);

        public IIoFile Open(string path, IoFileOptions options) => _memory.Open(path, options);
    }
}
