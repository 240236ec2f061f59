using System.Diagnostics;
using Akka.Actor;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Demo.Benching;
using AkkaAio.Demo.Files;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>Akka.Streams' FileIO, sequential and through the page cache, which is emptied before each pass.</summary>
/// <remarks>
/// A chunk is an operation; its latency is the time since the one before it. Written chunks count when they are on the disk.
/// </remarks>
internal sealed class StreamsLoad(BenchOptions options, ActorSystem system, long size) : ILoad
{
    private const long SyncEvery = 64 << 20;

    private readonly FileInfo _file = new(options.Filename);
    private readonly ActorMaterializer _materializer = system.Materializer();
    private readonly Recorder _recorder = new();

    public IEnumerable<Recorder> Recorders => [_recorder];

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        using var system = ActorSystem.Create("streams", QuietConfig.Make());
        run.Note("buffered", true);
        using var file = (run with { Buffered = true }).OpenFile();
        return await run.MeasureAsync(new StreamsLoad(run.Options, system, run.SizeOf(file)));
    }

    public async Task RunAsync(Phase phase)
    {
        try
        {
            for (var offset = 0L; !phase.IsStopped; offset = (offset + SyncEvery) % size)
            {
                await (options.Writes ? WriteAsync(phase, offset) : ReadAsync(phase));
            }
        }
        catch (Exception e)
        {
            _recorder.Fail(e);
        }
    }

    private async Task ReadAsync(Phase phase)
    {
        PageCache.Drop(_file.FullName);
        var started = Stopwatch.GetTimestamp();
        var chunks = size / options.Bs;
        await FileIO.FromFile(_file, options.Bs).TakeWhile(_ => !phase.IsStopped && chunks-- > 0).RunForeach(
            _ =>
            {
                var now = Stopwatch.GetTimestamp();
                Record(phase, 1, started, now);
                started = now;
            },
            _materializer);
    }

    private async Task WriteAsync(Phase phase, long offset)
    {
        var chunk = ByteString.FromBytes(new byte[options.Bs]);
        var chunks = (int)(Math.Min(SyncEvery, size - offset) / options.Bs);
        var started = Stopwatch.GetTimestamp();
        var result = await Source.Repeat(chunk).Take(chunks).TakeWhile(_ => !phase.IsStopped)
            .RunWith(FileIO.ToFile(_file, FileMode.Open, startPosition: offset), _materializer);
        PageCache.Drop(_file.FullName);
        Record(phase, (int)(result.Count / options.Bs), started, Stopwatch.GetTimestamp());
    }

    private void Record(Phase phase, int chunks, long started, long now)
    {
        for (var i = 0; i < chunks && phase.IsMeasuring; i++)
        {
            _recorder.Record(options.Writes ? OperationKind.Write : OperationKind.Read, started, started + ((now - started) / chunks));
        }
    }
}
