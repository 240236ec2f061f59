using Akka.IO;
using Akka.Streams.Dsl;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class ByteStringSpecs(ITestOutputHelper output) : StreamSpecs(EngineKind.LinuxAio, output)
{
    [SkippableFact]
    public async Task What_goes_through_byte_strings_is_the_same_bytes()
    {
        var content = Pattern(300_001);
        var (path, copy) = (PathOf(content), NewPath());
        var result = await AioSource.FromFile(path).AsByteStrings()
            .Select(bytes => bytes.Slice(0, bytes.Count / 2) + bytes.Slice(bytes.Count / 2)) // of two segments
            .RunWith(AioSink.ToFile(copy).FromByteStrings(), Materializer).WaitAsync(Patience.Long);
        Assert.Equal(content.Length, result.Count);
        Assert.Equal(content, OnDisk(copy));
        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task An_element_without_an_array_is_copied()
    {
        using var buffer = Pool.Rent(4096);
        Pattern(4096).CopyTo(buffer.GetSpan());
        var bytes = await Source.Single((ReadOnlyMemory<byte>)buffer.Memory).AsByteStrings()
            .RunWith(Sink.First<ByteString>(), Materializer).WaitAsync(Patience.Long);
        buffer.GetSpan().Clear();
        Assert.Equal(Pattern(4096), bytes.ToArray());
    }
}
