using AkkaAio.Tests.Barriers;
using AkkaAio.Tests.Failures;
using AkkaAio.Tests.Kernel;
using AkkaAio.Tests.Protocol;
using AkkaAio.Tests.Support;
using AkkaAio.Tests.Tasks;
using AkkaAio.Tests.Telemetry;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Engines.Epoll;

// Every spec of the protocol, and those with scripted faults, with reap.wait = epoll.
public sealed class Reads(ITestOutputHelper output) : ReadSpecs(EngineKind.LinuxAioEpoll, "", output);

public sealed class StripedReads(ITestOutputHelper output)
    : ReadSpecs(EngineKind.LinuxAioEpoll, "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

public sealed class Scenario(ITestOutputHelper output) : ScenarioSpecs(EngineKind.LinuxAioEpoll, output);

public sealed class Writes(ITestOutputHelper output) : WriteSpecs(EngineKind.LinuxAioEpoll, output);

public sealed class ClosedFiles(ITestOutputHelper output) : ClosedFileSpecs(EngineKind.LinuxAioEpoll, "", output);

public sealed class Arguments(ITestOutputHelper output) : ArgumentSpecs(EngineKind.LinuxAioEpoll, "", output);

public sealed class Batches(ITestOutputHelper output) : BatchCommandSpecs(EngineKind.LinuxAioEpoll, "akka.io.aio.shards = 2", output);

public sealed class Figures(ITestOutputHelper output) : MeterSpecs(EngineKind.LinuxAioEpoll, output);

public sealed class SubmitBatches(ITestOutputHelper output) : BatchSpecs(EngineKind.LinuxAioEpoll, output);

public sealed class Opens(ITestOutputHelper output) : OpenSpecs(EngineKind.LinuxAioEpoll, output);

public sealed class Growth(ITestOutputHelper output) : GrowthSpecs(EngineKind.LinuxAioEpoll, "", output);

public sealed class Awaited(ITestOutputHelper output) : TaskSpecs(EngineKind.LinuxAioEpoll, output);

public sealed class Flushes(ITestOutputHelper output) : FlushSpecsBase("akka.io.aio { shards = 1, reap.wait = epoll }", output);

public sealed class StripedFlushes(ITestOutputHelper output)
    : FlushSpecsBase("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB, reap.wait = epoll }", output);

public sealed class ExclusiveBarriers(ITestOutputHelper output)
    : ExclusiveBarrierSpecsBase("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB, reap.wait = epoll }", output);

public sealed class Restarts(ITestOutputHelper output)
    : RestartSpecsBase("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB, reap.wait = epoll }", output);

public sealed class Shutdowns(ITestOutputHelper output) : ShutdownSpecsBase("akka.io.aio { shards = 2, reap.wait = epoll }", output);

public sealed class VectoredReads(ITestOutputHelper output) : ReadVSpecs(EngineKind.LinuxAioEpoll, "", output);

public sealed class VectoredWrites(ITestOutputHelper output) : WriteVSpecs(EngineKind.LinuxAioEpoll, output);
