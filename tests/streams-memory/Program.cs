using Akka.Actor;
using Akka.Streams;
using AkkaAio.Streams;

// FILE MIB: makes a file of that many MiB, all hole, copies it as a stream with windows of 16 (elements of 64 KiB, blocks of 256 KiB), and
// prints the most memory that this process, which does nothing else, has taken.
const int Window = 16, Chunk = 64 << 10, Block = 256 << 10;
var (path, length) = (args[0], long.Parse(args[1]) << 20);
await using (var file = new FileStream(path, FileMode.CreateNew))
{
    file.SetLength(length);
}

using var system = ActorSystem.Create("memory", "akka.loglevel = WARNING");
var result = await AioSource.FromFile(path, new() { ChunkSize = Chunk, ReadAhead = Window * Chunk })
    .RunWith(AioSink.ToFile($"{path}.copy", new() { BlockSize = Block, Window = Window }), system.Materializer());
await system.Terminate();
var peak = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split()[^2];
Console.WriteLine($"{result.Count} {peak}");
