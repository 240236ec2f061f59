using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using AkkaAio.Demo.Progress;
using AkkaAio.Streams;

namespace AkkaAio.Demo.Copying;

/// <summary>The bytes of a file as a stream from a source to a sink.</summary>
internal static class StreamTransfer
{
    /// <summary>Copies to the source's end, without a flush.</summary>
    /// <returns>Where that was.</returns>
    /// <exception cref="AioException">A read or write failed.</exception>
    /// <exception cref="OperationCanceledException">Stopped; nothing is being written any more.</exception>
    public static async Task<long> CopyAsync(ActorSystem system, AioFile source, AioFile target, Meter meter, CancellationToken stop)
    {
        using var materializer = system.Materializer();
        try
        {
            var result = await AioSource.FromFile(source)
                .Via(stop.AsFlow<ReadOnlyMemory<byte>>())
                .Select(chunk =>
                {
                    meter.AddDone(chunk.Length);
                    return chunk;
                })
                .RunWith(AioSink.ToFile(target, new() { Flush = AioFlushPolicy.Never }), materializer);
            return result.Count;
        }
        catch (AbruptIOTerminationException e) when (e.InnerException is { } cause)
        {
            stop.ThrowIfCancellationRequested();
            throw cause;
        }
    }
}
