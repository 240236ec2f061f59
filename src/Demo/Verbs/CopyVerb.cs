using System.CommandLine;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Copying;
using AkkaAio.Demo.Progress;
using AkkaAio.Demo.Session;

namespace AkkaAio.Demo.Verbs;

/// <summary><c>copy</c>: one file, whole or not at all.</summary>
internal static class CopyVerb
{
    private const string Name = "copy";

    public static Command Create(Option<string?> config, StopSignals stop)
    {
        var source = new Argument<string>("SRC") { Description = "A file or block device; a symbolic link is followed" };
        var destination = new Argument<string>("DST")
        {
            Description = "A file, new or to be replaced, or a folder to copy into; a symbolic link is followed",
        };
        var stream = new Option<bool>("--stream") { Description = "Copies as a stream: from a source to a sink of AkkaAio.Streams" };
        var engine = EngineOption.OfFiles();
        var command = new Command(
            Name,
            "Copies SRC to DST with its mode, ACL and extended attributes. What of them cannot be kept is named on stderr. A DST that is " +
            "there keeps its owner and group where the kernel allows it; a new one is the caller's. Set-user-id and set-group-id are " +
            "kept only where owner and group are those of SRC. Writes a temporary file beside DST, flushes it and renames it into " +
            "place: DST is the old file or the complete new one, whatever happens in between. Holes are written as zeros. A SRC that " +
            "becomes shorter meanwhile is a failure.")
        {
            source, destination, stream, engine,
        };
        command.Aliases.Add("cp");
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(Name, stop, token => RunAsync(
            result.GetValue(config), result.GetValue(engine), result.GetValue(stream), result.GetValue(source)!,
            result.GetValue(destination)!, token)));
        return command;
    }

    private static async Task<int> RunAsync(
        string? configFile, string? engine, bool asStream, string source, string destination, CancellationToken stop)
    {
        LostNames.Refuse(source);
        LostNames.Refuse(destination);
        var plan = CopyPlan.Make(source, destination);
        await using var session = await AioSession.StartAsync(configFile, EngineOption.Override(engine));
        var meter = new Meter();
        return await ProgressBar.ShowAsync(Name, meter, async stderr =>
        {
            var lost = await new FileCopier(session, asStream, meter, new BufferedNotice(Name, stderr)).CopyAsync(plan, stop);
            if (lost.Count > 0)
            {
                stderr.Report(Name, $"{plan.Destination}: complete, but without {string.Join(", ", lost)}");
            }

            return ExitCode.Ok;
        });
    }
}
