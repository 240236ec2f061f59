using Akka.Actor;

namespace AkkaAio.Benchmarks.Streams;

/// <summary>Whole files as Akka.Streams graphs: what FileIO and AkkaAio.Streams both do.</summary>
internal interface IFileStreams : IAsyncDisposable
{
    /// <summary>Of the graphs.</summary>
    ActorSystem System { get; }

    /// <summary>Reads a file from its start while asked to go on.</summary>
    /// <returns>Bytes.</returns>
    Task<long> ReadAsync(string path, Func<bool> goesOn);

    /// <summary>Makes a file of so many bytes, durable in the end.</summary>
    Task<long> WriteAsync(string path, long length);

    /// <summary>Copies a file, durable in the end.</summary>
    Task<long> CopyAsync(string from, string to);
}
