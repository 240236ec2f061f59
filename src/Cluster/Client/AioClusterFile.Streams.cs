using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Cluster.Logs;
using Google.Protobuf;

namespace AkkaAio.Cluster;

// Bulk.
public sealed partial class AioClusterFile
{
    /// <summary>
    /// The bytes from an offset to the end that the file has now, in parts of up to <c>max-transfer</c>, each checked by a CRC-32C.
    /// </summary>
    /// <param name="offset">Where to begin.</param>
    /// <remarks>The stream fails when the file's owner goes away: begin again where it ended.</remarks>
    public Source<ReadOnlyMemory<byte>, NotUsed> ReadStream(long offset = 0) =>
        Source.FromTaskSource(OpenReadAsync(offset)).Select(Check).MapMaterializedValue(_ => NotUsed.Instance);

    /// <summary>Writes a stream to a plain file, from an offset on.</summary>
    /// <param name="data">Parts of any length.</param>
    /// <param name="offset">Where the first goes.</param>
    /// <param name="cancellationToken">Ends the stream; what was sent may be written.</param>
    /// <returns>Bytes written; all of them are on stable storage.</returns>
    /// <exception cref="AioClusterFileException">It was not written whole: a part of it may be.</exception>
    public async Task<long> WriteStreamAsync(
        Source<ReadOnlyMemory<byte>, NotUsed> data, long offset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var open = new Wire.OpenWrite { Offset = offset };
        var (offer, epoch) = await OfferAsync(request => request.OpenWrite = open, cancellationToken).ConfigureAwait(false);
        var sink = _cluster.StreamOf<ISinkRef<Wire.Chunk>>(offer);
        var gone = _cluster.Nodes.Gone(offer.Node);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(gone, cancellationToken);
        var count = 0L;
        var ended = data
            .SelectMany(part => Parts(part, MaxTransfer))
            .Select(part =>
            {
                count += part.Length;
                return new Wire.Chunk { Data = UnsafeByteOperations.UnsafeWrap(part), Crc32C = Crc32C.Of(part.Span) };
            })
            .WatchTermination((_, done) => done)
            .Via(stop.Token.AsFlow<Wire.Chunk>(cancelGracefully: false))
            .To(sink.Sink)
            .Run(_cluster.Materializer);
        try
        {
            await ended.WaitAsync(stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw BrokenOff(e, "writes", offer, AioOutcome.MayHaveHappened, gone);
        }

        var end = await FlushToEndAsync(cancellationToken).ConfigureAwait(false);
        return end >= offset + count && (ulong)Volatile.Read(ref _epoch) == epoch // else the flush was another open's
            ? count
            : throw new AioClusterFileException(
                Address, AioClusterFailure.Io, AioOutcome.MayHaveHappened,
                $"{Address}: a stream of {count} bytes to {offset} was not written whole: its owner has gone away or failed");
    }

    /// <summary>Writes what a .NET stream has, as <see cref="WriteStreamAsync"/>.</summary>
    public Task<long> CopyFromAsync(Stream source, long offset = 0, CancellationToken cancellationToken = default) =>
        WriteStreamAsync(
            Source.UnfoldAsync(source, async stream =>
            {
                var part = new byte[MaxTransfer];
                var length = await stream.ReadAtLeastAsync(
                    part, part.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                return length == 0 ? Akka.Util.Option<(Stream, ReadOnlyMemory<byte>)>.None : (stream, part.AsMemory(0, length));
            }),
            offset, cancellationToken);

    /// <summary>Writes the bytes from an offset to the file's end to a .NET stream.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="AioClusterFileException">It was not read whole.</exception>
    public async Task<long> CopyToAsync(Stream destination, long offset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var count = 0L;
        await ReadStream(offset).Via(cancellationToken.AsFlow<ReadOnlyMemory<byte>>(cancelGracefully: false)).SelectAsync(1, async part =>
        {
            await destination.WriteAsync(part, cancellationToken).ConfigureAwait(false);
            count += part.Length;
            return NotUsed.Instance;
        }).RunWith(Sink.Ignore<NotUsed>(), _cluster.Materializer).WaitAsync(cancellationToken).ConfigureAwait(false);
        return count;
    }

    private async Task<Source<Wire.Chunk, NotUsed>> OpenReadAsync(long offset)
    {
        var open = new Wire.OpenRead { Offset = offset };
        var answer = await Calls.CallAsync(
            _ => new Wire.Request { File = Address, OpenRead = open }, changes: false, CancellationToken.None).ConfigureAwait(false);
        var offer = answer.Reply.Stream;
        var gone = _cluster.Nodes.Gone(offer.Node);
        return _cluster.StreamOf<ISourceRef<Wire.Chunk>>(offer).Source
            .Via(gone.AsFlow<Wire.Chunk>(cancelGracefully: false))
            .SelectError(e => BrokenOff(e, "reads", offer, AioOutcome.NotPerformed, gone));
    }

    private AioClusterFileException BrokenOff(
        Exception e, string what, Wire.StreamOffered offer, AioOutcome outcome, CancellationToken gone) =>
        gone.IsCancellationRequested
            ? new(
                Address, AioClusterFailure.Unavailable, outcome,
                $"{Address}: the stream of {what} broke off: its owner's node {offer.Node} has left the cluster")
            : new(Address, AioClusterFailure.Io, outcome, $"{Address}: the stream of {what} broke off: {e.Message}");

    private async Task<(Wire.StreamOffered Stream, ulong Epoch)> OfferAsync(
        Action<Wire.Request> operation, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await Calls.CallAsync(
                _ =>
                {
                    var request = Calls.Change(Address, _fileId, (ulong)Volatile.Read(ref _epoch));
                    operation(request);
                    return request;
                }, changes: false, cancellationToken).ConfigureAwait(false); // a stream that nobody takes up writes nothing
            if (answer.Reply.Stream is { } stream)
            {
                return (stream, answer.Request.Epoch);
            }

            GoOnAt(answer.Reply.Moved, answer.WasUnsure);
        }
    }

    private ReadOnlyMemory<byte> Check(Wire.Chunk chunk) => Crc32C.Of(chunk.Data.Span) == chunk.Crc32C
        ? chunk.Data.Memory
        : throw new AioClusterFileException(
            Address, AioClusterFailure.Io, AioOutcome.NotPerformed,
            $"{Address}: a part of {chunk.Data.Length} bytes has another CRC-32C than it says: it was damaged on its way");

    private static IEnumerable<ReadOnlyMemory<byte>> Parts(ReadOnlyMemory<byte> data, int most)
    {
        for (; data.Length > most; data = data[most..])
        {
            yield return data[..most];
        }

        if (data.Length > 0)
        {
            yield return data;
        }
    }
}
