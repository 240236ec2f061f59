using System.Threading.Channels;
using Akka;

namespace AkkaAio.Streams;

/// <summary>A tail that runs: how to end it, and what has become of its file.</summary>
public interface IAioTail
{
    /// <summary>Done when the stream has completed or was cancelled; fails with the stream's failure.</summary>
    Task<Done> Completion { get; }

    /// <summary>
    /// What has become of the file, in order; ends with the tail. It holds the last 64: reading it is not necessary.
    /// </summary>
    ChannelReader<AioTailEvent> Events { get; }

    /// <summary>Completes the stream. What is being read is dropped.</summary>
    void Complete();
}

/// <summary>What has become of a file that is followed.</summary>
/// <param name="Kind">What.</param>
/// <param name="BytesBefore">Bytes that the tail had pushed before: what comes behind them is of the new file, or of the new start.</param>
public sealed record AioTailEvent(AioTailEventKind Kind, long BytesBefore);

/// <summary>What becomes of files.</summary>
public enum AioTailEventKind
{
    /// <summary>The path is another file's, which is read from its start. The one before has been read to its end.</summary>
    Rotated,

    /// <summary>The file was shorter than what had been read of it: it is read from its start.</summary>
    Truncated,

    /// <summary>The path is no file's any more. The file has been read to its end.</summary>
    Deleted,
}
