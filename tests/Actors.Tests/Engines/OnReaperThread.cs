using AkkaAio.Dispatch;
using AkkaAio.Tests.Barriers;
using AkkaAio.Tests.Failures;
using AkkaAio.Tests.Kernel;
using AkkaAio.Tests.Protocol;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Engines.ReaperThread;

// What completions and their replies concern, with reap.thread = own: a second thread for each shard.
public sealed class Reads(ITestOutputHelper output) : ReadSpecs(EngineKind.LinuxAio, Own.Thread, output);

public sealed class StripedReads(ITestOutputHelper output)
    : ReadSpecs(EngineKind.LinuxAio, "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB, reap.thread = own }", output);

public sealed class WaitsForMany(ITestOutputHelper output)
    : ReapSpecs(EngineKind.LinuxAio, "akka.io.aio.reap { thread = own, min-nr = 8, nr = 8, timeout = 10 s }", output);

public sealed class Polling(ITestOutputHelper output)
    : ReapSpecs(EngineKind.LinuxAio, "akka.io.aio.reap { thread = own, min-nr = 0, nr = 8, timeout = 10 s }", output);

public sealed class Growth(ITestOutputHelper output) : GrowthSpecs(EngineKind.LinuxAio, Own.Thread, output);

public sealed class Flushes(ITestOutputHelper output) : FlushSpecsBase("akka.io.aio { shards = 1, reap.thread = own }", output);

public sealed class ExclusiveBarriers(ITestOutputHelper output)
    : ExclusiveBarrierSpecsBase("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB, reap.thread = own }", output);

public sealed class Restarts(ITestOutputHelper output)
    : RestartSpecsBase("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB, reap.thread = own }", output);

public sealed class Shutdowns(ITestOutputHelper output) : ShutdownSpecsBase("akka.io.aio { shards = 2, reap.thread = own }", output);

public sealed class Threads(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAio, Own.Thread, output)
{
    [SkippableFact]
    public async Task The_reaper_has_a_thread_of_its_own_too()
    {
        await Fence(await NewFile(Block));
        foreach (var actor in new[] { "shard-0", "shard-0/reaper" })
        {
            Assert.IsType<ThreadDispatcherConfigurator>((await CellOf(actor)).Dispatcher.Configurator);
        }
    }
}

internal static class Own
{
    public const string Thread = "akka.io.aio.reap.thread = own";
}
