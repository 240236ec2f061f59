using AkkaAio.Tests.Barriers;
using AkkaAio.Tests.Kernel;
using AkkaAio.Tests.Protocol;
using AkkaAio.Tests.Support;
using AkkaAio.Tests.Tasks;
using AkkaAio.Tests.Telemetry;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Engines.PosixAio;

// Every spec of the protocol on the engine posix-aio.
public sealed class Reads(ITestOutputHelper output) : ReadSpecs(EngineKind.PosixAio, "", output);

public sealed class StripedReads(ITestOutputHelper output)
    : ReadSpecs(EngineKind.PosixAio, "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

public sealed class VectoredReads(ITestOutputHelper output) : ReadVSpecs(EngineKind.PosixAio, "", output);

public sealed class VectoredWrites(ITestOutputHelper output) : WriteVSpecs(EngineKind.PosixAio, output);

public sealed class Scenario(ITestOutputHelper output) : ScenarioSpecs(EngineKind.PosixAio, output);

public sealed class Writes(ITestOutputHelper output) : WriteSpecs(EngineKind.PosixAio, output);

public sealed class ClosedFiles(ITestOutputHelper output) : ClosedFileSpecs(EngineKind.PosixAio, "", output);

public sealed class Arguments(ITestOutputHelper output) : ArgumentSpecs(EngineKind.PosixAio, "", output);

public sealed class Batches(ITestOutputHelper output) : BatchCommandSpecs(EngineKind.PosixAio, "akka.io.aio.shards = 2", output);

public sealed class Figures(ITestOutputHelper output) : MeterSpecs(EngineKind.PosixAio, output);

public sealed class SubmitBatches(ITestOutputHelper output) : BatchSpecs(EngineKind.PosixAio, output);

public sealed class Opens(ITestOutputHelper output) : OpenSpecs(EngineKind.PosixAio, output);

public sealed class WaitForMany(ITestOutputHelper output) : ReapSpecs(EngineKind.PosixAio, ManyAtOnce, output);

public sealed class Polling(ITestOutputHelper output) : ReapSpecs(EngineKind.PosixAio, Polling, output);

public sealed class Growth(ITestOutputHelper output) : GrowthSpecs(EngineKind.PosixAio, "", output);

public sealed class Awaited(ITestOutputHelper output) : TaskSpecs(EngineKind.PosixAio, output);
