using Akka;
using Akka.Actor;
using Akka.Event;
using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Cluster.Logs;
using Google.Protobuf;

namespace AkkaAio.Cluster.Owner;

// Bulk: a stream of chunks from the file, or to it, over StreamRefs, which carry back-pressure over the wire.
internal sealed partial class FileOwner
{
    // Reads ahead of what the other side has asked for, and writes under way.
    private const int ChunksAtOnce = 8;

    // How much of a stream of writes is left to the Flush at its end, which its client waits for: the rest is flushed meanwhile.
    private const long FlushEvery = 32 << 20;

    private SharedKillSwitch? _killSwitch;

    private void OnOpenRead(Wire.OpenRead request, OpenedFile open, IActorRef requester)
    {
        if (request.Offset < 0 || request.Length < 0)
        {
            requester.Tell(Replies.Failure(
                Wire.FailureKind.FailureBadArgument, $"{_address}: a stream of {request.Length} bytes at {request.Offset}"));
            return;
        }

        var settled = SettledEnd;
        var end = request.Length == 0
            ? settled
            : Math.Min(settled, request.Offset + Math.Min(request.Length, long.MaxValue - request.Offset));
        var most = Settings.MaxTransfer;
        var (done, reference) = Source.From(Offsets(request.Offset, end, most))
            .SelectAsync(ChunksAtOnce, async at =>
            {
                var bytes = new byte[(int)Math.Min(most, end - at)];
                var count = await open.File.ReadAsync(bytes, at).ConfigureAwait(false);
                return count == bytes.Length
                    ? ChunkOf(bytes)
                    : throw new AioException(
                        $"{open.File.Path} ended at {at + count}, and was to be read to {end}: it was truncated meanwhile");
            })
            .Via(KillSwitch.Flow<Wire.Chunk>())
            .Via(GoneWith(requester))
            .WatchTermination((_, ended) => ended)
            .ToMaterialized(StreamRefs.SourceRef<Wire.Chunk>(), Keep.Both)
            .Run(_cluster.Materializer);
        Offer(done, reference, new Change(0, 0, requester));
    }

    private void OnOpenWrite(Wire.OpenWrite request, OpenedFile open, Refusal refuses, IActorRef requester)
    {
        if (open.Facts.Kind == Wire.Kind.Log)
        {
            refuses.Answer(
                Replies.Failure(Wire.FailureKind.FailureWrongKind, $"{_address} is a log: it can be appended to, and not written over"));
            return;
        }

        if (request.Offset < 0)
        {
            refuses.Answer(Replies.Failure(Wire.FailureKind.FailureBadArgument, $"{_address}: a stream to {request.Offset}"));
            return;
        }

        var (disk, space, most, durability) = (_disk, _cluster.Space, Settings.MaxTransfer, DurabilityOf(request.Durable));
        var flush = Task.CompletedTask;
        var at = request.Offset; // the stages before SelectAsync run one element at a time
        var (reference, written) = StreamRefs.SinkRef<Wire.Chunk>()
            .Via(KillSwitch.Flow<Wire.Chunk>())
            .Via(GoneWith(requester))
            .Select(chunk =>
            {
                if (chunk.Data.Length > most || at > long.MaxValue - chunk.Data.Length || Crc32C.Of(chunk.Data.Span) != chunk.Crc32C)
                {
                    throw new AioException(
                        $"{open.File.Path}: a chunk of {chunk.Data.Length} bytes at {at} is longer than {most} bytes, " +
                        "or has another CRC-32C than it says");
                }

                if (space.WhyFull(disk, chunk.Data.Length) is { } why)
                {
                    throw new AioSystemException(Errno.ENOSPC, "write", open.File.Path, at, chunk.Data.Length, hint: why);
                }

                var offset = at;
                at += chunk.Data.Length;
                return (Offset: offset, chunk.Data);
            })
            .SelectAsync(ChunksAtOnce, async chunk =>
            {
                var end = chunk.Offset + chunk.Data.Length;
                await open.File.WriteAsync(chunk.Data.Memory, chunk.Offset, durability).ConfigureAwait(false);
                if (chunk.Offset / FlushEvery != end / FlushEvery && flush.IsCompleted)
                {
                    flush = open.File.FlushAsync().AsTask(); // one that fails makes every later one fail: the client's, too
                    _ = flush.ContinueWith(
                        static failed => failed.Exception,
                        CancellationToken.None,
                        TaskContinuationOptions.OnlyOnFaulted,
                        TaskScheduler.Default);
                }

                return end;
            })
            .ToMaterialized(Sink.Aggregate<long, long>(0, Math.Max), Keep.Both)
            .Run(_cluster.Materializer);
        Offer(written, reference, refuses.Begin()); // told again, it is the same stream: one that nobody takes up would hold up a Flush
    }

    private void Offer<T>(Task done, Task<T> reference, Change offer)
        where T : class
    {
        var writes = done is Task<long>;
        _reads.Add(offer);
        _streams++;
        _writeStreams += writes ? 1 : 0;
        _ = RunAsync(Self);

        async Task RunAsync(IActorRef self)
        {
            Wire.Reply reply;
            try
            {
                reply = _cluster.OfferOf(await reference.ConfigureAwait(false));
            }
            catch (Exception e)
            {
                reply = Replies.Failure(e, mayHaveHappened: false);
            }

            self.Tell(new ReadDone(offer, reply), ActorRefs.NoSender);
            try
            {
                await done.ConfigureAwait(false);
                self.Tell(new StreamEnded(writes, (done as Task<long>)?.Result ?? 0, null), ActorRefs.NoSender);
            }
            catch (Exception e)
            {
                self.Tell(new StreamEnded(writes, 0, e), ActorRefs.NoSender);
            }
        }
    }

    private void OnStreamEnded(StreamEnded ended)
    {
        _streams--;
        _writeStreams -= ended.Writes ? 1 : 0;
        _end = Math.Max(_end, ended.Written);
        if (ended is { Writes: true, Error: { } error })
        {
            // Opened anew, with another epoch: by that its client sees that the stream was not written whole.
            _isBroken = true;
            _log.Warning("{Path}: a stream of writes failed: {Reason}", _address, error.Message);
        }

        if (_streams == 0)
        {
            _killSwitch = null;
        }

        GoOn();
    }

    private SharedKillSwitch KillSwitch => _killSwitch ??= KillSwitches.Shared("owner");

    // Fails a stream when the node of its client leaves the cluster.
    private IGraph<FlowShape<Wire.Chunk, Wire.Chunk>, NotUsed> GoneWith(IActorRef client) =>
        _cluster.Nodes.Gone(client.Path.Address.HasLocalScope ? _cluster.Cluster.SelfAddress : client.Path.Address)
            .AsFlow<Wire.Chunk>(cancelGracefully: false);

    private void StopStreams() => _killSwitch?.Abort(new AioException($"{_address}: its owner is going away"));

    private static Wire.Chunk ChunkOf(byte[] bytes) => new()
    {
        Data = UnsafeByteOperations.UnsafeWrap(bytes),
        Crc32C = Crc32C.Of(bytes),
    };

    private static IEnumerable<long> Offsets(long start, long end, int step)
    {
        for (var at = start; at < end; at += step)
        {
            yield return at;
        }
    }

    private sealed record StreamEnded(bool Writes, long Written, Exception? Error) : INoSerializationVerificationNeeded;
}
