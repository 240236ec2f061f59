using Akka.Streams.Dsl;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class ConfiguredSpecs(ITestOutputHelper output)
    : StreamSpecs(EngineKind.Memory, output, "akka.io.aio.streams { chunk-size = 1000, flush = never, block-size = 5000, window = 1 }")
{
    [Fact]
    public async Task What_no_setting_says_is_as_configured()
    {
        var path = NewPath();
        await Write(AioSink.ToFile(path), Pattern(2500), 100);
        Assert.Equal(0, Engine.DataSyncs);
        var lengths = await AioSource.FromFile(path).Select(element => element.Length)
            .RunWith(Sink.Seq<int>(), Materializer).WaitAsync(Patience.Long);
        Assert.Equal([1000, 1000, 500], lengths);
        lengths = await AioSource.FromFile(path, new AioReadSettings { ChunkSize = 2000 }).Select(element => element.Length)
            .RunWith(Sink.Seq<int>(), Materializer).WaitAsync(Patience.Long);
        Assert.Equal([2000, 500], lengths);
    }
}

public sealed class MisconfiguredSpecs(ITestOutputHelper output)
    : StreamSpecs(EngineKind.Memory, output, "akka.io.aio.streams.chunksize = 1000")
{
    [Fact]
    public async Task A_key_that_does_not_exist_fails_the_stream_and_is_named()
    {
        var result = await AioSource.FromFile(NewPath()).ToMaterialized(Sink.Ignore<ReadOnlyMemory<byte>>(), Keep.Left)
            .Run(Materializer).WaitAsync(Patience.Long);
        var error = Assert.IsType<AioConfigurationException>(result.Error);
        Assert.Contains("akka.io.aio.streams.chunksize", error.Message, StringComparison.Ordinal);
        var fault = await Assert.ThrowsAsync<AioConfigurationException>(
            () => Source.Empty<ReadOnlyMemory<byte>>().RunWith(AioSink.ToFile(NewPath()), Materializer).WaitAsync(Patience.Long));
        Assert.Contains("chunk-size", fault.Message, StringComparison.Ordinal);
    }
}
