using Akka.Streams.Dsl;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

/// <summary>A shard with two places for eight streams: what it refuses is told again, and no user sees it.</summary>
public sealed class OverloadSpecs(ITestOutputHelper output)
    : StreamSpecs(EngineKind.Memory, output, "akka.io.aio { depth = 1, max-queue-size = 1 }")
{
    [Fact]
    public async Task No_stream_sees_an_overload()
    {
        var content = Pattern(1_000_003);
        var path = PathOf(content);
        var copies = Enumerable.Range(0, 8).Select(i => (To: NewPath(), Window: (i % 3 * 7) + 1)).ToArray();
        var results = await Task.WhenAll(copies.Select(copy => AioSource
            .FromFile(path, new AioReadSettings { ChunkSize = 5000, ReadSize = 10_000, ReadAhead = copy.Window * 10_000 })
            .RunWith(
                AioSink.ToFile(
                    copy.To,
                    new AioWriteSettings { BlockSize = 8192, Window = copy.Window, Flush = AioFlushPolicy.EveryBytes(100_000) }),
                Materializer))).WaitAsync(Patience.Long);
        Assert.All(results, result => Assert.Equal((true, content.Length), (result.WasSuccessful, result.Count)));
        Assert.All(copies, copy => Assert.True(OnDisk(copy.To).AsSpan().SequenceEqual(content)));
        Assert.NotEqual(0, Ext.Shards.Sum(shard => shard.Counters.Overloads));
        await NothingIsLeft();
    }
}
