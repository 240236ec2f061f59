using System.Diagnostics;
using AkkaAio.Benchmarks.Contenders;
using AkkaAio.Demo.Benching;
using AkkaAio.Demo.Files;

namespace AkkaAio.Benchmarks.Streams;

/// <summary>
/// Files as streams, each from its start to its end, many at once: a pass. The clocks run while a pass does; what comes between, such as
/// to empty the page cache, does not count.
/// </summary>
/// <remarks>An operation is a chunk; the latency is that of a pass, for each of its chunks.</remarks>
internal sealed class StreamPasses(ContenderRun run, IFileStreams streams, string[] files, long fileSize)
{
    /// <summary>Measures; ends the streams' actor system.</summary>
    public static async Task<BenchResult> RunAsync(ContenderRun run, Func<ContenderRun, Task<IFileStreams>> start)
    {
        await using var streams = await start(run);
        string[] files = Directory.Exists(run.Options.Filename)
            ? [.. Directory.EnumerateFiles(run.Options.Filename).Order(StringComparer.Ordinal).Take(run.Files)]
            : [run.Options.Filename];
        run.Note("streams", files.Length);
        run.Note("cached", run.Cached);
        run.Note("copy", run.Copies);
        return await new StreamPasses(run, streams, files, new FileInfo(files[0]).Length).MeasureAsync();
    }

    private async Task<BenchResult> MeasureAsync()
    {
        if (run.Cached)
        {
            foreach (var file in files)
            {
                await using var content = File.OpenRead(file);
                await content.CopyToAsync(Stream.Null, 1 << 20, run.Stop);
            }
        }

        await PassesAsync(run.Options.RampTime, new Recorder());
        var recorder = new Recorder();
        var (elapsed, usage) = await PassesAsync(run.Options.Runtime, recorder);
        return BenchResult.From([recorder], elapsed, usage, default, run.Options.Bs, run.Describe());
    }

    private async Task<(TimeSpan Elapsed, Usage Usage)> PassesAsync(TimeSpan time, Recorder recorder)
    {
        var (elapsed, usage) = (TimeSpan.Zero, default(Usage));
        while (elapsed < time && !run.Stop.IsCancellationRequested)
        {
            Prepare();
            var (before, started) = (Usage.Read(precise: true), Stopwatch.GetTimestamp());
            var bytes = (await Task.WhenAll(files.Select(PassAsync))).Sum();
            var ended = Stopwatch.GetTimestamp();
            usage += Usage.Read(precise: true) - before;
            elapsed += Stopwatch.GetElapsedTime(started, ended);
            for (var chunk = 0L; chunk < bytes / run.Options.Bs; chunk++)
            {
                recorder.Record(run.Options.Writes ? OperationKind.Write : OperationKind.Read, started, ended);
            }

            Clean();
        }

        run.Stop.ThrowIfCancellationRequested();
        return (elapsed, usage);
    }

    private Task<long> PassAsync(string file) =>
        run.Copies ? streams.CopyAsync(file, Written(file))
        : run.Options.Writes ? streams.WriteAsync(Written(file), fileSize)
        : streams.ReadAsync(file, static () => true);

    private void Prepare()
    {
        if (!run.Cached)
        {
            Array.ForEach(files, PageCache.Drop);
        }
    }

    private void Clean()
    {
        foreach (var file in files)
        {
            File.Delete(Written(file)); // no error where there is none
        }
    }

    private static string Written(string file) => $"{file}.written";
}
