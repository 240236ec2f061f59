using Akka;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using AkkaAio.Streams.Stages;

namespace AkkaAio.Streams;

/// <summary>Files as sinks.</summary>
public static partial class AioSink
{
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
