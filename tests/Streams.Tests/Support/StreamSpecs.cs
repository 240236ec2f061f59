using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests.Support;

/// <summary>Specs of streams on one engine. After each nothing may be left, neither a buffer nor an open file.</summary>
public abstract class StreamSpecs : AioTestKit
{
    private readonly Lazy<ActorMaterializer> _materializer;

    private protected StreamSpecs(EngineKind kind, ITestOutputHelper output, string hocon = "", MemoryEngine? engine = null)
        : base(kind, hocon, output, engine) => _materializer = new Lazy<ActorMaterializer>(() => Sys.Materializer());

    protected ActorMaterializer Materializer => _materializer.Value;

    /// <summary>A new file with this content, closed.</summary>
    protected string PathOf(byte[] content, string? path = null)
    {
        path ??= NewPath();
        if (Kind != EngineKind.Memory)
        {
            File.WriteAllBytes(path, content);
            return path;
        }

        using var handle = Engine.Open(path, new(FileMode.Create, FileAccess.ReadWrite, DirectIo.Off));
        handle.Write(content, 0, dataSync: false);
        return path;
    }

    /// <summary>Runs a source of a file: all of its bytes, and the result of its task.</summary>
    protected async Task<(byte[] Bytes, IOResult Result)> Read(Source<ReadOnlyMemory<byte>, Task<IOResult>> source)
    {
        var (result, bytes) = source.ToMaterialized(Sink.Seq<ReadOnlyMemory<byte>>(), Keep.Both).Run(Materializer);
        return (
            [.. (await bytes.WaitAsync(Patience.Long)).SelectMany(element => element.ToArray())], await result.WaitAsync(Patience.Long));
    }

    /// <summary>No buffer is out and no file is open, once what is under way has ended.</summary>
    protected async Task NothingIsLeft()
    {
        await Eventually(() => Pool.RentedBuffers == 0, "all buffers are back");
        await Eventually(() => Ext.OpenFiles == 0, "all files are closed");
        var stats = await Stats();
        Assert.Equal((0, 0), (stats.RentedBuffers, stats.OpenFiles));
    }
}
