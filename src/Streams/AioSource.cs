using Akka.Streams.Dsl;
using Akka.Streams.IO;
using AkkaAio.Streams.Stages;

namespace AkkaAio.Streams;

/// <summary>Files as sources.</summary>
/// <remarks>
/// Each materialization reads the file by itself, several chunks ahead of what has been pulled. The task counts the bytes that were pushed:
/// a success at the end of the file and when the stream was cancelled, and as its value a failure (<see cref="IOResult.WasSuccessful"/>)
/// when the file could not be opened or read, or the stream failed further down. When the materializer ends first the task fails with
/// <see cref="Akka.Streams.AbruptStageTerminationException"/>.
/// </remarks>
public static partial class AioSource
{
    /// <summary>A file from its start, or as the settings say; opened when the source is materialized, closed when it ends.</summary>
    /// <param name="path">The path, absolute or relative to the process's working folder.</param>
    /// <param name="settings">How to read it.</param>
    /// <returns>Elements of <see cref="AioReadSettings.ChunkSize"/> bytes, the last one shorter, in memory of the collected heap.</returns>
    public static Source<ReadOnlyMemory<byte>, Task<IOResult>> FromFile(string path, AioReadSettings? settings = null) =>
        From(new AioFileTarget(path), settings, Copy);

    /// <summary>As <see cref="FromFile(string, AioReadSettings?)"/>, of a file that is open, and left open.</summary>
    public static Source<ReadOnlyMemory<byte>, Task<IOResult>> FromFile(AioFile file, AioReadSettings? settings = null) =>
        From(new AioFileTarget(file), settings, Copy);

    /// <summary>
    /// As <see cref="FromFile(string, AioReadSettings?)"/>, without a copy: each element is a buffer of the pool, or a share of one, which
    /// whoever receives it disposes. An operator that drops elements leaks them, until a finalizer gives them back with a warning.
    /// </summary>
    public static Source<AioBuffer, Task<IOResult>> BuffersFrom(string path, AioReadSettings? settings = null) =>
        From(new AioFileTarget(path), settings, (buffer, start, length) => buffer.Share(start, length));

    /// <summary>As <see cref="BuffersFrom(string, AioReadSettings?)"/>, of a file that is open, and left open.</summary>
    public static Source<AioBuffer, Task<IOResult>> BuffersFrom(AioFile file, AioReadSettings? settings = null) =>
        From(new AioFileTarget(file), settings, (buffer, start, length) => buffer.Share(start, length));

    private static Source<T, Task<IOResult>> From<T>(
        AioFileTarget target, AioReadSettings? settings, Func<AioBuffer, int, int, T> toElement) =>
        Source.FromGraph(new ReadStage<T>(target, (settings ?? AioReadSettings.Default).Checked(), toElement));

    private static ReadOnlyMemory<byte> Copy(AioBuffer buffer, int start, int length)
    {
        var copy = GC.AllocateUninitializedArray<byte>(length);
        buffer.GetSpan().Slice(start, length).CopyTo(copy);
        return copy;
    }
}
