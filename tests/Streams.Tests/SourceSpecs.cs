using AkkaAio.Streams.Tests.Support;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class SourceSpecsOnMemory(ITestOutputHelper output) : SourceSpecs(EngineKind.Memory, output);

public sealed class SourceSpecsOnLinuxAio(ITestOutputHelper output) : SourceSpecs(EngineKind.LinuxAio, output);

public sealed class SourceSpecsOnThreadPool(ITestOutputHelper output) : SourceSpecs(EngineKind.ThreadPool, output);

/// <summary>What sources emit.</summary>
public abstract class SourceSpecs : StreamSpecs
{
    private protected SourceSpecs(EngineKind kind, ITestOutputHelper output)
        : base(kind, output)
    {
    }

    [SkippableFact]
    public async Task A_source_emits_the_file_in_its_order_and_counts_it()
    {
        var content = Pattern(1_000_000);
        var (bytes, result) = await Read(AioSource.FromFile(PathOf(content)));
        Assert.Equal(content, bytes);
        Assert.True(result.WasSuccessful);
        Assert.Equal(content.Length, result.Count);
        await NothingIsLeft();
    }
}
