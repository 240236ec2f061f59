using Akka.Actor;
using AkkaAio.Engines;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Configuration;

/// <summary>Which engine a configuration gets, and what is said where it is not the one that was wanted.</summary>
public sealed class EngineSpecs(ITestOutputHelper output) : Akka.TestKit.Xunit2.TestKit("akka.loglevel = WARNING", output: output)
{
    private const string Reason = "no such thing; build it";

    [Fact]
    public void Auto_takes_linux_aio_where_it_is_usable_and_says_nothing()
    {
        EventFilter.Warning().Expect(0, () =>
        {
            var choice = Choose("auto");
            Assert.Equal("linux-aio", choice.Engine.Name);
            Assert.False(choice.IsFallback);
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
            Assert.True(choice.IsFallback);
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
    public void Auto_falls_back_to_threads_too_where_the_limit_of_contexts_is_used_up()
    {
        EventFilter.Warning(contains: "used up").ExpectOne(() =>
        {
            var choice = Choose("auto", usedUp: "linux-aio");
            Assert.Equal("thread-pool", choice.Engine.Name);
            Assert.Contains("used up", choice.Reason, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("linux-aio", "io-uring, thread-pool, posix-aio")]
    [InlineData("io-uring", "linux-aio, thread-pool, posix-aio")]
    [InlineData("thread-pool", "linux-aio, io-uring, posix-aio")]
    public void A_named_engine_that_gets_no_context_fails_the_start_with_the_engines_that_would_start(string name, string others)
    {
        var error = Assert.Throws<AioContextException>(() => Choose(name, usedUp: name));
        Assert.Equal(Errno.EAGAIN, error.Errno);
        Assert.Contains("used up", error.Message, StringComparison.Ordinal);
        Assert.EndsWith($"; akka.io.aio.engine would start as: {others}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Engines_that_would_not_start_either_are_not_named()
    {
        var error = Assert.Throws<AioConfigurationException>(() => Choose("io-uring", unavailable: "io-uring", usedUp: "linux-aio"));
        Assert.EndsWith("; akka.io.aio.engine would start as: thread-pool, posix-aio", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_engine_that_this_build_does_not_have_fails_the_start()
    {
        var error = Assert.Throws<AioConfigurationException>(() => EngineChoice.Open("thread-pool", _ => null, _ => 0, Log));
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
        Assert.StartsWith("thread-pool, 0 files open", stats.ToString(), StringComparison.Ordinal);
        await system.Terminate();
    }

    private EngineChoice Choose(string name, string? unavailable = null, string? usedUp = null) =>
        EngineChoice.Open(
            name, asked => new FakeEngine(asked, asked == unavailable ? Reason : null, isUsedUp: asked == usedUp),
            engine =>
            {
                engine.CreateContext(16).Dispose();
                return 0;
            },
            Log).Choice;

    private sealed class FakeEngine(string name, string? unavailable, bool isUsedUp) : IIoEngine
    {
        private readonly MemoryEngine _memory = new();

        public string Name => name;

        public (long Free, long Max)? Capacity => null;

        public bool TakesBuffered => false;

        public string? WhyUnavailable() => unavailable;

        public long CapacityOf(int depth) => depth;

        public IIoContext CreateContext(int depth) =>
            isUsedUp ? throw new AioContextException(Errno.EAGAIN, "io_setup", "it is used up") : _memory.CreateContext(depth);

        public IIoFile Open(string path, IoFileOptions options) => _memory.Open(path, options);
    }
}
