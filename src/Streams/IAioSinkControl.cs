using Akka.Streams.IO;

namespace AkkaAio.Streams;

/// <summary>A running sink: when it has ended, and flushes from outside of the stream.</summary>
public interface IAioSinkControl
{
    /// <summary>As the task of <see cref="AioSink.ToFile(string, AioWriteSettings?)"/>.</summary>
    Task<IOResult> Completion { get; }

    /// <summary>Makes durable what the sink has taken so far. Flushes that wait at the same time share one.</summary>
    /// <returns>
    /// How many bytes of the stream are on stable storage: all those that the sink had taken when the flush began. It fails as
    /// <see cref="Completion"/> does, and with <see cref="InvalidOperationException"/> when the stream has ended without a flush.
    /// </returns>
    Task<long> FlushAsync();
}
