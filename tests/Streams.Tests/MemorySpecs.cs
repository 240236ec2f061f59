using Akka.Streams.Dsl;
using Akka.Streams.IO;
using Akka.Streams.TestKit;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

/// <summary>More streams than the buffer pool has memory for: they read less ahead, and wait for each other.</summary>
public sealed class MemorySpecs(ITestOutputHelper output)
    : StreamSpecs(EngineKind.Memory, output, "akka.io.aio.buffer-pool.budget = 8 MiB")
{
    private const int Chunk = 64 << 10;
    private const int Chunks = 8;

    [Fact]
    public async Task Sources_that_do_not_fit_into_the_pool_all_complete()
    {
        var content = Pattern((Chunks * Chunk) + 1);
        var path = PathOf(content);
        var settings = new AioReadSettings { ChunkSize = Chunk, ReadSize = 2 * Chunk, ReadAhead = 8 * Chunk };
        var probes = Enumerable.Range(0, 64).Select(_ => AioSource.FromFile(path, settings)
            .RunWith(this.SinkProbe<ReadOnlyMemory<byte>>(), Materializer)).ToArray();

        // All have something before any of them goes on; then each to its end, the others as they are.
        foreach (var probe in probes)
        {
            probe.Request(1).ExpectNext();
        }

        foreach (var probe in probes)
        {
            probe.Request(Chunks + 1).ExpectNextN(Chunks);
            probe.ExpectComplete();
        }

        await NothingIsLeft();
    }

    [Fact]
    public async Task An_element_that_is_larger_than_the_pool_fails_the_source()
    {
        var (result, probe) = Run(new() { ChunkSize = 16 << 20 });
        probe.Request(1);
        Assert.IsType<AioBufferBudgetException>(probe.ExpectError());
        Assert.IsType<AioBufferBudgetException>((await result).Error);
        await NothingIsLeft();
    }

    [Fact]
    public async Task Memory_that_others_never_give_back_fails_the_source()
    {
        var rented = new List<AioBuffer>();
        while (Ext.Pool.TryRent(Chunk) is { } buffer)
        {
            rented.Add(buffer);
        }

        var (_, waiting) = Run(new() { ChunkSize = Chunk });
        Assert.IsType<AioBufferBudgetException>(waiting.Request(1).ExpectError());

        var (result, probe) = Run(new() { ChunkSize = Chunk });
        probe.Request(1).ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        rented.ForEach(buffer => buffer.Dispose());
        Assert.Equal(10, probe.ExpectNext().Length);
        probe.ExpectComplete();
        Assert.True((await result).WasSuccessful);
        await NothingIsLeft();
    }

    private (Task<IOResult> Result, TestSubscriber.Probe<ReadOnlyMemory<byte>> Probe) Run(AioReadSettings settings) =>
        AioSource.FromFile(PathOf(Pattern(10)), settings)
            .ToMaterialized(this.SinkProbe<ReadOnlyMemory<byte>>(), Keep.Both)
            .Run(Materializer);
}
