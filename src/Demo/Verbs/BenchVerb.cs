using System.CommandLine;
using Akka.Actor;
using AkkaAio.Demo.Benching;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Session;

namespace AkkaAio.Demo.Verbs;

/// <summary><c>bench</c>: fio's words, through actors or tasks.</summary>
internal static class BenchVerb
{
    private const string Name = "bench";

    /// <param name="config"><c>--config</c>.</param>
    /// <param name="stop">Ends it.</param>
    /// <param name="noData">In the place of the engine that <c>--ioengine</c> selects: one that moves no data. Null: none.</param>
    public static Command Create(Option<string?> config, StopSignals stop, AioSetup? noData = null)
    {
        var options = new BenchCommandLine();
        var command = new Command(
            noData is null ? Name : "null",
            "Measures a load on a file or block device, in fio's words: operations a second, latency from the command to its reply, CPU " +
            "time, allocations. A file that is not there is made, written full and removed in the end. Nothing that is there is written " +
            "to without --allow-overwrite. Ctrl-C ends it early with what was measured.");
        options.AddTo(command);
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(
            Name, stop, token => RunAsync(result.GetValue(config), options.Read(result), options.ReadJson(result), noData, token)));
        return command;
    }

    private static async Task<int> RunAsync(
        string? configFile, BenchOptions options, string? json, AioSetup? noData, CancellationToken stop)
    {
        // In this order: the system is down and the file closed before the file goes.
        using var target = BenchFile.Examine(options);
        var output = new BenchOutput(json);
        await using var session = await AioSession.StartAsync(
            configFile, BenchConfig.Overrides(options), BenchConfig.Defaults(options), noData);
        await target.PrepareAsync(session.Aio, movesData: noData is null, stop);
        await using var file = await session.Aio.OpenAsync(
            target.Path, new AioOpenOptions
            {
                Access = options.Writes ? FileAccess.ReadWrite : FileAccess.Read,
                Direct = options.Direct ? DirectIo.Auto : DirectIo.Off,
            }, stop);
        Check(options, file);

        using var listener = options.Metrics ? MetricsListener.Start() : null;
        using var blocks = new Blocks(session.Aio.Pool, options.Outstanding, options.Bs);
        using var tasks = new TaskLoad(options, session.Aio, file, target.Size, blocks);
        ILoad load = options.Api == BenchApi.Tasks
            ? tasks
            : new MessageLoad(session.System, options, file, target.Size, blocks);
        var result = await output.ShowAsync(BenchConfig.Title(options, session.Aio), live =>
            new Measurement(
                options.RampTime, options.Runtime, options.Bs,
                BenchConfig.Describe(options, session.Aio, target.Size, file.IsDirect))
            {
                ReadBatches = async () => Batches.Of(await session.Aio.Ref.Ask<Aio.Stats>(new Aio.GetStats(), CancellationToken.None)),
                Live = live,
            }.RunAsync(load, stop));
        if (result.Errors == 0)
        {
            return ExitCode.Ok;
        }

        Complaint.Report(Name, result.FirstError!);
        return ExitCode.Failure;
    }

    // Otherwise the first write of each slot would fail, one after the other.
    private static void Check(BenchOptions options, AioFile file)
    {
        if (!file.IsDirect && options.Direct)
        {
            Complaint.Report(Name, $"{file.Path} takes no direct I/O (O_DIRECT); what is measured is the page cache");
        }
        else if (file.IsDirect && options.Writes && options.Bs % file.OffsetAlignment != 0)
        {
            throw new DemoException(
                $"--bs {options.Bs} is no multiple of {file.OffsetAlignment} bytes, which writes to {file.Path} must be aligned to");
        }
    }
}
