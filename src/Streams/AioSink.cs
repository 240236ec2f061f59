using Akka.Streams.Dsl;
using Akka.Streams.IO;
using AkkaAio.Streams.Stages;

namespace AkkaAio.Streams;

/// <summary>Files as sinks.</summary>
/// <remarks>
/// Elements are packed into blocks, and several blocks are written at once. The file has exactly the bytes of the stream where they
/// belong, and around them what it had, also when it is direct and neither start nor end is aligned. An element's memory may be used again
/// when the sink pulls the next one.
/// </remarks>
public static partial class AioSink
{
    /// <summary>A new or emptied file, or as the settings say; opened when the sink is materialized.</summary>
    /// <param name="path">The path, absolute or relative to the process's working folder.</param>
    /// <param name="settings">How to write it.</param>
    /// <returns>
    /// A task that succeeds with the number of bytes when all of them are written, flushed as the policy says, and the file is closed. It
    /// fails with <see cref="AioException"/> when the file cannot be opened; with <see cref="AbruptIOTerminationException"/> around the
    /// cause when the upstream has failed (what was taken before is written; its result counts that) or a write, flush or close has (its
    /// result counts the bytes known to be written); with <see cref="Akka.Streams.AbruptStageTerminationException"/> when the
    /// materializer ends first.
    /// </returns>
    public static Sink<ReadOnlyMemory<byte>, Task<IOResult>> ToFile(string path, AioWriteSettings? settings = null) =>
        ToFileWithControl(path, settings).MapMaterializedValue(control => control.Completion);

    /// <summary>As <see cref="ToFile(string, AioWriteSettings?)"/>, to a file that is open, and left open.</summary>
    public static Sink<ReadOnlyMemory<byte>, Task<IOResult>> ToFile(AioFile file, AioWriteSettings? settings = null) =>
        ToFileWithControl(file, settings).MapMaterializedValue(control => control.Completion);

    /// <summary>As <see cref="ToFile(string, AioWriteSettings?)"/>, with flushes from outside of the stream.</summary>
    public static Sink<ReadOnlyMemory<byte>, IAioSinkControl> ToFileWithControl(string path, AioWriteSettings? settings = null) =>
        To(new AioFileTarget(path), settings);

    /// <summary>As <see cref="ToFileWithControl(string, AioWriteSettings?)"/>, to a file that is open, and left open.</summary>
    public static Sink<ReadOnlyMemory<byte>, IAioSinkControl> ToFileWithControl(AioFile file, AioWriteSettings? settings = null) =>
        To(new AioFileTarget(file), settings);

    private static Sink<ReadOnlyMemory<byte>, IAioSinkControl> To(AioFileTarget target, AioWriteSettings? settings) =>
        Sink.FromGraph(new WriteStage(target, (settings ?? AioWriteSettings.Default).Checked()));
}
