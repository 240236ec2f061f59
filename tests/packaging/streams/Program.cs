using System.Text;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Streams;

// A text goes into a file, is copied as a stream, and comes back.
using var system = ActorSystem.Create("copy");
var materializer = system.Materializer();
await Source.Single<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes("disk")).RunWith(AioSink.ToFile("from.bin"), materializer);
var copied = await AioSource.FromFile("from.bin").RunWith(AioSink.ToFile("to.bin"), materializer);
var text = await AioSource.FromFile("to.bin").RunAggregate("", (all, bytes) => all + Encoding.UTF8.GetString(bytes.Span), materializer);
Console.WriteLine(copied.Count == 4 ? text : $"{copied.Count} bytes");
await system.Terminate();
