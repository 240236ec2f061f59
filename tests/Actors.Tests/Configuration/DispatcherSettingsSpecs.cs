using Akka.Actor;
using Akka.Configuration;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Configuration;

/// <summary>The sections of the dispatchers are checked as the other keys are.</summary>
public sealed class DispatcherSettingsSpecs
{
    [Theory]
    [InlineData("shard-dispatcher")]
    [InlineData("reaper-dispatcher")]
    [InlineData("blocking-dispatcher")]
    public async Task A_dispatcher_can_be_changed_and_replaced(string dispatcher)
    {
        foreach (var hocon in new[]
                 {
                     $"akka.io.aio.{dispatcher}.throughput = 7",
                     $$"""
                     akka.io.aio.{{dispatcher}} { type = ForkJoinDispatcher, throughput = 7, dedicated-thread-pool.thread-count = 2 }
                     """,
                 })
        {
            var system = ActorSystem.Create("dispatchers", AioTestKit.SetupOf(EngineKind.Memory, new MemoryEngine(), hocon));
            try
            {
                var file = await AioExt.Get(system).OpenAsync("/f", new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite })
                    .WaitAsync(Patience.Long);
                await file.WriteAsync(new byte[4096], 0).AsTask().WaitAsync(Patience.Long);
                await file.FlushAsync().AsTask().WaitAsync(Patience.Long);
                Assert.Equal(7, system.Dispatchers.Lookup($"akka.io.aio.{dispatcher}").Throughput);
            }
            finally
            {
                await system.Terminate().WaitAsync(Patience.Long);
            }
        }
    }

    [Theory]
    [InlineData("shard-dispatcher", "= does.not.exist")]
    [InlineData("reaper-dispatcher", "= does.not.exist")]
    [InlineData("blocking-dispatcher", "= does.not.exist")]
    [InlineData("shard-dispatcher", "= \"\"")]
    [InlineData("reaper-dispatcher", "= 5")]
    [InlineData("shard-dispatcher", "{ type = NoSuchDispatcher }")]
    [InlineData("reaper-dispatcher", "{ type = NoSuchDispatcher }")]
    [InlineData("blocking-dispatcher", "{ type = NoSuchDispatcher }")]
    [InlineData("blocking-dispatcher", "{ type = ForkJoinDispatcher, dedicated-thread-pool = none }")]
    public async Task An_impossible_dispatcher_fails_the_start_with_its_name(string dispatcher, string value)
    {
        var engine = new MemoryEngine();
        var system = ActorSystem.Create("wrong", AioTestKit.SetupOf(EngineKind.Memory, engine, $"akka.io.aio.{dispatcher} {value}"));
        try
        {
            var error = Assert.ThrowsAny<ConfigurationException>(() => system.Aio());
            Assert.Contains($"akka.io.aio.{dispatcher}", error.Message, StringComparison.Ordinal);
            Assert.Equal(0, engine.OpenContexts);
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience.Long);
        }
    }

    [Theory]
    [InlineData("blocking-dispatcher", "threads", "abc")]
    [InlineData("blocking-dispatcher", "threads", "0")]
    [InlineData("blocking-dispatcher", "threads", "-1")]
    [InlineData("blocking-dispatcher", "threads", "32769")]
    [InlineData("blocking-dispatcher", "threads", "1.5")]
    [InlineData("blocking-dispatcher", "threads", "\"\"")]
    [InlineData("blocking-dispatcher", "threads", "[4]")]
    [InlineData("blocking-dispatcher", "threads", "{ a = 1 }")]
    [InlineData("blocking-dispatcher", "treads", "4")]
    [InlineData("blocking-dispatcher", "typ", "PinnedDispatcher")]
    [InlineData("blocking-dispatcher", "type", "PinedDispatcher")]
    [InlineData("blocking-dispatcher", "type", "\"\"")]
    [InlineData("blocking-dispatcher", "type", "\"System.String, System.Private.CoreLib\"")]
    [InlineData("blocking-dispatcher", "executor", "fork-join")]
    [InlineData("blocking-dispatcher", "executor", "\"AkkaAio.Dispatch.NoSuchExecutor, AkkaAio\"")]
    [InlineData("blocking-dispatcher", "throughput", "0")]
    [InlineData("blocking-dispatcher", "spin", "1ms")]
    [InlineData("blocking-dispatcher", "mailbox-type", "\"Akka.Dispatch.BoundedMailbox\"")]
    [InlineData("blocking-dispatcher", "shutdown-timeout", "0")]
    [InlineData("shard-dispatcher", "throughput", "0")]
    [InlineData("shard-dispatcher", "throughput", "-1")]
    [InlineData("shard-dispatcher", "throughput-deadline-time", "-1ms")]
    [InlineData("shard-dispatcher", "throughput-deadline-time", "soon")]
    [InlineData("shard-dispatcher", "spin", "-1ms")]
    [InlineData("shard-dispatcher", "spin", "1s")]
    [InlineData("shard-dispatcher", "sping", "1ms")]
    [InlineData("shard-dispatcher", "threads", "4")]
    [InlineData("reaper-dispatcher", "spin", "infinite")]
    [InlineData("reaper-dispatcher", "nonsense", "1")]
    [InlineData("reaper-dispatcher", "dedicated-thread-pool.thread-cuont", "1")]
    [InlineData("reaper-dispatcher", "dedicated-thread-pool.thread-count", "0")]
    [InlineData("reaper-dispatcher", "fork-join-executor.parallelism-min", "few")]
    public async Task A_wrong_key_of_a_dispatcher_stops_the_start_with_its_full_name(string dispatcher, string key, string value)
    {
        var engine = new MemoryEngine();
        var system = ActorSystem.Create(
            "wrong", AioTestKit.SetupOf(EngineKind.Memory, engine, $"akka.io.aio.{dispatcher}.{key} = {value}"));
        try
        {
            var error = Assert.Throws<AioConfigurationException>(() => system.Aio());
            Assert.Equal($"akka.io.aio.{dispatcher}.{key}", error.Key);
            Assert.StartsWith($"akka.io.aio.{dispatcher}.{key}: ", error.Message, StringComparison.Ordinal);
            Assert.Equal(0, engine.OpenContexts);
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience.Long);
        }
    }

    [Theory]
    [InlineData("blocking-dispatcher { throughput = 1, threads = 32768 }")]
    [InlineData("blocking-dispatcher { type = PinnedDispatcher, throughput-deadline-time = 3650d }")]
    [InlineData("blocking-dispatcher { executor = fork-join-executor, fork-join-executor { parallelism-min = 2, parallelism-max = 4 } }")]
    [InlineData("blocking-dispatcher { executor = channel-executor, channel-executor.priority = high }")]
    [InlineData("shard-dispatcher { executor = \"AkkaAio.Dispatch.BlockingExecutorConfigurator, AkkaAio\", threads = 4 }")]
    [InlineData("blocking-dispatcher { type = ForkJoinDispatcher, dedicated-thread-pool { thread-count = 2, threadtype = background } }")]
    public void Keys_of_akkas_dispatchers_and_of_ours_are_taken(string hocon) =>
        Assert.NotNull(SettingsSpecs.Create($"akka.io.aio.{hocon}"));

    [Fact]
    public void A_dispatcher_of_somebody_elses_has_keys_of_its_own()
    {
        var name = typeof(Model.Stepping.SteppedExecutorConfigurator).AssemblyQualifiedName;
        Assert.NotNull(SettingsSpecs.Create($"akka.io.aio.blocking-dispatcher {{ executor = \"{name}\", its-own = 1 }}"));
        SettingsSpecs.Refused(
            "blocking-dispatcher.throughput",
            $"akka.io.aio.blocking-dispatcher {{ executor = \"{name}\", its-own = 1, throughput = 0 }}");
    }

    [Fact]
    public async Task Another_dispatcher_that_is_named_and_has_no_threads_stops_the_start()
    {
        const string Other = """
            other { type = Dispatcher, executor = "AkkaAio.Dispatch.BlockingExecutorConfigurator, AkkaAio", threads = abc }
            akka.io.aio.blocking-dispatcher = other
            """;
        var system = ActorSystem.Create("wrong", AioTestKit.SetupOf(EngineKind.Memory, new MemoryEngine(), Other));
        try
        {
            var error = Assert.Throws<AioConfigurationException>(() => system.Aio());
            Assert.Contains("threads", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience.Long);
        }
    }
}
