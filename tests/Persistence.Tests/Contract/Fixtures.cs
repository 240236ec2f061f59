using AkkaAio.Persistence.Tests.Support;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

// The contract with events as they are, with a serializer that asks for transport information, adapters and tags, beside rejections, and
// beside a thousand other persistence ids.

public sealed class WritesAsTheyAre(ITestOutputHelper output) : WriteSpecs(output, new Fixture());

public sealed class WritesAdapted(ITestOutputHelper output) : WriteSpecs(output, new AdaptersAndTransport());

public sealed class WritesBesideRejections(ITestOutputHelper output) : WriteSpecs(output, new BesideRejections());

public sealed class WritesBesideAThousandIds(ITestOutputHelper output) : WriteSpecs(output, new BesideAThousandIds());

public sealed class ReplaysAsTheyAre(ITestOutputHelper output) : ReplaySpecs(output, new Fixture());

public sealed class ReplaysAdapted(ITestOutputHelper output) : ReplaySpecs(output, new AdaptersAndTransport());

public sealed class ReplaysBesideRejections(ITestOutputHelper output) : ReplaySpecs(output, new BesideRejections());

public sealed class ReplaysBesideAThousandIds(ITestOutputHelper output) : ReplaySpecs(output, new BesideAThousandIds());

public sealed class DeletesAsTheyAre(ITestOutputHelper output) : DeleteSpecs(output, new Fixture());

public sealed class DeletesAdapted(ITestOutputHelper output) : DeleteSpecs(output, new AdaptersAndTransport());

public sealed class DeletesBesideRejections(ITestOutputHelper output) : DeleteSpecs(output, new BesideRejections());

public sealed class DeletesBesideAThousandIds(ITestOutputHelper output) : DeleteSpecs(output, new BesideAThousandIds());

public sealed class SnapshotsAsTheyAre(ITestOutputHelper output) : SnapshotSpecs(output, new Fixture());

public sealed class SnapshotsAdapted(ITestOutputHelper output) : SnapshotSpecs(output, new AskingSnapshots());
