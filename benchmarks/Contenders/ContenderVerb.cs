using System.CommandLine;
using AkkaAio.Benchmarks.Streams;
using AkkaAio.Demo.Benching;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>
/// <c>contender</c>: one measurement in a process of its own, with the options of the demo's bench and its JSON as output.
/// </summary>
internal static class ContenderVerb
{
    private const string Name = "contender";

    private static readonly Dictionary<string, Func<ContenderRun, Task<BenchResult>>> Kinds = new(StringComparer.Ordinal)
    {
        ["plain-loop"] = PlainLoop.RunAsync,
        ["random-access"] = RandomAccessLoad.RunAsync,
        ["buffered"] = BufferedLoad.RunAsync,
        ["vectored"] = VectoredLoad.RunAsync,
        ["beside-appends"] = BesideAppendsLoad.RunAsync,
        ["aio-streams"] = run => StreamPasses.RunAsync(run, AkkaAioStreams.StartAsync),
        ["aio-streams-timer"] = run => TimerLateness.BesideStreamsAsync(run, AkkaAioStreams.StartAsync),
        ["aio-streams-timer-cpu"] = run => TimerLateness.BesideCpuAsync(run, AkkaAioStreams.StartAsync),
        ["file-io"] = run => StreamPasses.RunAsync(run, StartFileIo),
        ["file-io-timer"] = run => TimerLateness.BesideStreamsAsync(run, StartFileIo),
        ["file-io-timer-cpu"] = run => TimerLateness.BesideCpuAsync(run, StartFileIo),
        ["ping-pong"] = PingPongLoad.RunAsync,
        ["append"] = AppendLoad.RunAsync,
        ["append-blocking"] = BlockingAppendLoad.RunAsync,
        ["many-files"] = ManyFilesLoad.RunAsync,
        ["idle"] = IdleProcess.RunAsync,
    };

    public static Command Create(StopSignals stop)
    {
        var kind = new Argument<string>("KIND") { Description = string.Join(", ", Kinds.Keys) };
        kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        var files = new NumberOption("--files", 1, 1 << 20, "many-files: how many files of the folder --filename to open [default: 1]");
        var buffered = new Option<bool>("--buffered") { Description = "random-access: through the page cache" };
        var cached = new Option<bool>("--cached")
        {
            Description = "through the page cache: leave in it what is there, and read all into it first",
        };
        var appends = new NumberOption(
            "--appends", 0, 1024, "beside-appends: writes that extend another file, outstanding meanwhile [default: 0]");
        var pieces = new NumberOption("--pieces", 1, 1024, "vectored: buffers of an operation [default: 1]");
        var minThreads = new NumberOption("--min-threads", 1, 32767, "Threads that .NET's pool makes without delay");
        var copy = new Option<bool>("--copy") { Description = "streams: from one file to another" };
        var pooled = new Option<bool>("--pooled") { Description = "aio-streams: elements are buffers of the pool" };
        var chunk = new SizeOption("--chunk", 1, 1 << 30, "file-io: bytes of an element [default: 8k, as FileIO's own]");
        var options = new BenchCommandLine();
        var command = new Command(Name, "Runs one of what compare compares, and prints its result as JSON.")
        {
            kind, files, buffered, cached, appends, pieces, minThreads, copy, pooled, chunk,
        };
        options.AddTo(command);
        command.Hidden = true;
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(Name, stop, async token =>
        {
            if (result.GetValue(minThreads) is { } threads)
            {
                ThreadPool.SetMinThreads(threads, threads);
            }

            var run = new ContenderRun(
                result.GetValue(kind)!, options.Read(result), result.GetValue(files) ?? 1, result.GetValue(buffered), token)
            {
                Cached = result.GetValue(cached),
                Appends = result.GetValue(appends) ?? 0,
                Pieces = result.GetValue(pieces) ?? 1,
                Copies = result.GetValue(copy),
                Pooled = result.GetValue(pooled),
                Chunk = (int)(result.GetValue(chunk) ?? 8 << 10),
            };
            var measured = await Kinds[run.Kind](run);
            Console.Out.WriteLine(BenchJson.Write(measured));
            return ExitCode.Ok;
        }));
        return command;
    }

    private static Task<IFileStreams> StartFileIo(ContenderRun run) => Task.FromResult<IFileStreams>(new FileIoStreams(run.Chunk));
}
