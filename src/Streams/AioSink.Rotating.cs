using Akka;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using AkkaAio.Streams.Stages;

namespace AkkaAio.Streams;

// A sink of many files, one after another.
public static partial class AioSink
{
    /// <summary>
    /// Writes to one file after another, as <see cref="ToFile(string, AioWriteSettings?)"/>. The next file is opened before the one before
    /// it is complete.
    /// </summary>
    /// <param name="newPathOf">
    /// Called once a materialization, and makes the function that is called with each element before it is written: the path of the file
    /// that begins with this element; null: it belongs to the file that the elements before it are in. It must return a path for the first
    /// element, and may keep state, such as the bytes so far.
    /// </param>
    /// <param name="settings">How to write each file.</param>
    /// <returns>
    /// A sink whose task succeeds when all files are complete. It fails with the first failure: of a file, of the function, or of the
    /// stream. Files that were complete before stay as they are.
    /// </returns>
    public static Sink<ReadOnlyMemory<byte>, Task<Done>> Rotating(
        Func<Func<ReadOnlyMemory<byte>, string?>> newPathOf, AioWriteSettings? settings = null) =>
        Rotating(newPathOf, path => ToFile(path, settings));

    /// <summary>As the other overload, with sinks of your own: compressed files, other elements than bytes.</summary>
    /// <remarks>While eight sinks have not ended, the next rotation waits for one of them.</remarks>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="newPathOf">As of the other overload.</param>
    /// <param name="sink">The sink of a path. Its task says when its file is complete.</param>
    public static Sink<T, Task<Done>> Rotating<T>(Func<Func<T, string?>> newPathOf, Func<string, Sink<T, Task<IOResult>>> sink)
    {
        ArgumentNullException.ThrowIfNull(newPathOf);
        ArgumentNullException.ThrowIfNull(sink);
        return Sink.FromGraph(new RotatingStage<T>(newPathOf, sink));
    }
}
