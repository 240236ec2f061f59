using Akka.Actor;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Benchmarks.Contenders;

namespace AkkaAio.Benchmarks.Streams;

/// <summary>Akka.Streams' FileIO: through the page cache, with an fsync at the end of each sink.</summary>
internal sealed class FileIoStreams(int chunk) : IFileStreams
{
    private readonly ByteString _chunk = ByteString.FromBytes(new byte[chunk]);
    private ActorMaterializer? _materializer;

    public ActorSystem System { get; } = ActorSystem.Create("file-io", QuietConfig.Make());

    private ActorMaterializer Materializer => _materializer ??= System.Materializer();

    public async Task<long> ReadAsync(string path, Func<bool> goesOn)
    {
        var bytes = 0L;
        await FileIO.FromFile(new FileInfo(path), chunk).TakeWhile(_ => goesOn()).RunForeach(data => bytes += data.Count, Materializer);
        return bytes;
    }

    public async Task<long> WriteAsync(string path, long length)
    {
        var result = await Source.Repeat(_chunk).Take(length / chunk).RunWith(FileIO.ToFile(new FileInfo(path)), Materializer);
        return result.Count;
    }

    public async Task<long> CopyAsync(string from, string to)
    {
        var result = await FileIO.FromFile(new FileInfo(from), chunk).RunWith(FileIO.ToFile(new FileInfo(to)), Materializer);
        return result.Count;
    }

    public async ValueTask DisposeAsync() => await System.Terminate();
}
