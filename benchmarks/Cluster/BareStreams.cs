using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace AkkaAio.Benchmarks.Cluster;

/// <summary>
/// The peer: an actor that answers "source N" with a SourceRef of N byte arrays of 64 KiB, and "sink" with a SinkRef that counts bytes. No
/// file, no checksum.
/// </summary>
internal sealed class BareStreams : ReceiveActor
{
    public const int ChunkBytes = 64 << 10;
    public const string Name = "bare-streams";

    public BareStreams()
    {
        var materializer = Context.System.Materializer();
        var chunk = new byte[ChunkBytes];
        Receive<string>(text =>
        {
            var sender = Sender;
            if (text.StartsWith("source ", StringComparison.Ordinal))
            {
                var count = int.Parse(text.AsSpan(7), System.Globalization.CultureInfo.InvariantCulture);
                Source.Repeat(chunk).Take(count).RunWith(StreamRefs.SourceRef<byte[]>(), materializer).PipeTo(sender);
            }
            else
            {
                var (sink, done) = StreamRefs.SinkRef<byte[]>()
                    .ToMaterialized(Sink.Aggregate<byte[], long>(0, (sum, bytes) => sum + bytes.Length), Keep.Both).Run(materializer);
                sink.PipeTo(sender);
                _received = done;
            }
        });

        // Not awaited here: an actor that waits for a stream which has failed would keep its system from ending.
        Receive<long>(_ => _received.PipeTo(Sender));
    }

    private Task<long> _received = Task.FromResult(0L);
}
