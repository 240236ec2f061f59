using AkkaAio.Tests.Barriers;
using AkkaAio.Tests.Kernel;
using AkkaAio.Tests.Protocol;
using AkkaAio.Tests.Support;
using AkkaAio.Tests.Tasks;
using AkkaAio.Tests.Telemetry;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Engines.ThreadPool;

// Every spec of the protocol on the engine thread-pool. But not that batches form: here they save no system call, and each thread submits
// what comes of the operation that it has done.
public sealed class Reads(ITestOutputHelper output) : ReadSpecs(EngineKind.ThreadPool, "", output);

public sealed class StripedReads(ITestOutputHelper output)
    : ReadSpecs(EngineKind.ThreadPool, "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

public sealed class VectoredReads(ITestOutputHelper output) : ReadVSpecs(EngineKind.ThreadPool, "", output);

public sealed class VectoredWrites(ITestOutputHelper output) : WriteVSpecs(EngineKind.ThreadPool, output);

public sealed class Scenario(ITestOutputHelper output) : ScenarioSpecs(EngineKind.ThreadPool, output);

public sealed class Writes(ITestOutputHelper output) : WriteSpecs(EngineKind.ThreadPool, output);

public sealed class ClosedFiles(ITestOutputHelper output) : ClosedFileSpecs(EngineKind.ThreadPool, "", output);

public sealed class Arguments(ITestOutputHelper output) : ArgumentSpecs(EngineKind.ThreadPool, "", output);

public sealed class Batches(ITestOutputHelper output) : BatchCommandSpecs(EngineKind.ThreadPool, "akka.io.aio.shards = 2", output);

public sealed class Figures(ITestOutputHelper output) : MeterSpecs(EngineKind.ThreadPool, output);

public sealed class Opens(ITestOutputHelper output) : OpenSpecs(EngineKind.ThreadPool, output);

public sealed class WaitForMany(ITestOutputHelper output)
    : ReapSpecs(EngineKind.ThreadPool, "akka.io.aio.reap { thread = own, min-nr = 8, nr = 8, timeout = 10 s }", output);

public sealed class Polling(ITestOutputHelper output)
    : ReapSpecs(EngineKind.ThreadPool, "akka.io.aio.reap { thread = own, min-nr = 0, nr = 8, timeout = 10 s }", output);

public sealed class Growth(ITestOutputHelper output) : GrowthSpecs(EngineKind.ThreadPool, "", output);

public sealed class Awaited(ITestOutputHelper output) : TaskSpecs(EngineKind.ThreadPool, output);
