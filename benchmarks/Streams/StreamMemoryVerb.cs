using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Akka.Streams;
using AkkaAio.Demo.Benching;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Session;
using AkkaAio.Streams;

namespace AkkaAio.Benchmarks.Streams;

/// <summary><c>stream-memory</c>: the most memory that the process takes while a large file goes from a source to a sink.</summary>
internal static class StreamMemoryVerb
{
    private const string Name = "stream-memory";
    private const int Window = 16;

    public static Command Create(StopSignals stop)
    {
        var filename = new Option<string>("--filename")
        {
            Description = "The file to make, all hole, and to copy beside it; both are removed in the end",
            DefaultValueFactory = _ => "akka-aio-memory.tmp",
        };
        var size = new SizeOption("--size", 1 << 20, 1L << 50, "Bytes of it [default: 10g]");
        var limit = new SizeOption(
            "--limit", 1 << 20, 1L << 50, "The exit code is 1 where the resident set was ever larger [default: 100m]");
        var command = new Command(Name, $"Copies a file as a stream, {Window} chunks read ahead and {Window} blocks written at once.")
        {
            filename, size, limit,
        };
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(Name, stop, async token =>
        {
            var path = result.GetValue(filename)!;
            var (length, most) = (result.GetValue(size) ?? 10L << 30, result.GetValue(limit) ?? 100 << 20);
            var elapsed = await CopyAsync(path, length, token);
            var peak = PeakResidentBytes();
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{length >> 20} MiB in {elapsed.TotalSeconds:0.0} s, peak resident set {peak / 1048576.0:0.0} MiB of {most >> 20}"));
            return peak <= most ? ExitCode.Ok : ExitCode.Failure;
        }));
        return command;
    }

    private static async Task<TimeSpan> CopyAsync(string path, long length, CancellationToken stop)
    {
        var copy = $"{path}.copy";
        try
        {
            await using (var file = new FileStream(path, FileMode.CreateNew))
            {
                file.SetLength(length);
            }

            var options = new BenchOptions { Filename = path };
            await using var session = await AioSession.StartAsync(null, BenchConfig.Overrides(options), BenchConfig.Defaults(options));
            using var materializer = session.System.Materializer();
            var started = Stopwatch.GetTimestamp();
            var result = await AioSource.FromFile(path, new() { ReadAhead = Window })
                .Via(stop.AsFlow<ReadOnlyMemory<byte>>())
                .RunWith(AioSink.ToFile(copy, new() { Window = Window }), materializer);
            return result.Count == length
                ? Stopwatch.GetElapsedTime(started)
                : throw new DemoException($"{result.Count} of {length} bytes were copied");
        }
        finally
        {
            File.Delete(path);
            File.Delete(copy);
        }
    }

    // VmHWM of proc(5), in kB.
    private static long PeakResidentBytes()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
