using AkkaAio.Tests.Barriers;
using AkkaAio.Tests.Kernel;
using AkkaAio.Tests.Protocol;
using AkkaAio.Tests.Support;
using AkkaAio.Tests.Tasks;
using AkkaAio.Tests.Telemetry;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Engines.IoUring;

// Every spec of the protocol on the engine io-uring.
public sealed class Reads(ITestOutputHelper output) : ReadSpecs(EngineKind.IoUring, "", output);

public sealed class StripedReads(ITestOutputHelper output)
    : ReadSpecs(EngineKind.IoUring, "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

public sealed class VectoredReads(ITestOutputHelper output) : ReadVSpecs(EngineKind.IoUring, "", output);

public sealed class VectoredWrites(ITestOutputHelper output) : WriteVSpecs(EngineKind.IoUring, output);

public sealed class Scenario(ITestOutputHelper output) : ScenarioSpecs(EngineKind.IoUring, output);

public sealed class Writes(ITestOutputHelper output) : WriteSpecs(EngineKind.IoUring, output);

public sealed class ClosedFiles(ITestOutputHelper output) : ClosedFileSpecs(EngineKind.IoUring, "", output);

public sealed class Arguments(ITestOutputHelper output) : ArgumentSpecs(EngineKind.IoUring, "", output);

public sealed class Batches(ITestOutputHelper output) : BatchCommandSpecs(EngineKind.IoUring, "akka.io.aio.shards = 2", output);

public sealed class Figures(ITestOutputHelper output) : MeterSpecs(EngineKind.IoUring, output);

public sealed class SubmitBatches(ITestOutputHelper output) : BatchSpecs(EngineKind.IoUring, output);

public sealed class Opens(ITestOutputHelper output) : OpenSpecs(EngineKind.IoUring, output);

public sealed class WaitForMany(ITestOutputHelper output) : ReapSpecs(EngineKind.IoUring, ManyAtOnce, output);

public sealed class Polling(ITestOutputHelper output) : ReapSpecs(EngineKind.IoUring, Polling, output);

public sealed class Growth(ITestOutputHelper output) : GrowthSpecs(EngineKind.IoUring, "", output);

public sealed class Awaited(ITestOutputHelper output) : TaskSpecs(EngineKind.IoUring, output);
