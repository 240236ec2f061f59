using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using Akka.Streams.TestKit;
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

    /// <summary>One that a spec may shut down: that of the system is shared.</summary>
    protected ActorMaterializer NewMaterializer() => ActorMaterializer.Create(Sys, ActorMaterializerSettings.Create(Sys), "spec");

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
        var all = new MemoryStream();
        foreach (var element in await bytes.WaitAsync(Patience.Long))
        {
            all.Write(element.Span);
        }

        return (all.ToArray(), await result.WaitAsync(Patience.Long));
    }

    /// <summary>Runs these bytes, in pieces, into a sink: how many its task counts as written.</summary>
    protected async Task<long> Write(Sink<ReadOnlyMemory<byte>, Task<IOResult>> sink, byte[] data, int piece)
    {
        var result = await Source.From(Pieces(data, piece)).RunWith(sink, Materializer).WaitAsync(Patience.Long);
        Assert.True(result.WasSuccessful);
        return result.Count;
    }

    /// <summary>Runs a sink: what feeds it, and what it gives.</summary>
    protected (ProbedUpstream Upstream, TMat Sink) Run<TMat>(Sink<ReadOnlyMemory<byte>, TMat> sink) =>
        this.SourceProbe<ReadOnlyMemory<byte>>().WatchTermination((probe, ended) => new ProbedUpstream(probe, ended))
            .ToMaterialized(sink, Keep.Both).Run(Materializer);

    protected static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] data, int piece) =>
        Enumerable.Range(0, (data.Length + piece - 1) / piece)
            .Select(i => (ReadOnlyMemory<byte>)data.AsMemory(i * piece, Math.Min(piece, data.Length - (i * piece))));

    /// <summary>No buffer is out and no file is open, once what is under way has ended.</summary>
    protected async Task NothingIsLeft()
    {
        await AwaitConditionAsync(
            async () => await Stats() is { RentedBuffers: 0, OpenFiles: 0 }, Patience.Long, TimeSpan.FromMilliseconds(5),
            $"{Pool.RentedBuffers} buffers are out, {Ext.OpenFiles} files are open");
    }
}
