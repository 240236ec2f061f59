using System.CommandLine;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Session;
using AkkaAio.Persistence.Inspection;

namespace AkkaAio.Demo.Verbs;

/// <summary><c>log</c>: what a store of AkkaAio.Persistence holds, and whether it is what was written.</summary>
internal static class LogVerb
{
    private const string Name = "log";

    private static readonly string[] Logs = ["events", "snapshots"];

    public static Command Create(Option<string?> config, StopSignals stop) => new(
        Name, "Looks at the folder of a store, or of an AioLog. Reads only, and without its lock: also while it is in use.")
    {
        Create("inspect", "A line for each segment, from its header and its footer.", config, stop, async (inspector, token) =>
        {
            await inspector.InspectAsync(token);
            return true;
        }),
        Create(
            "verify",
            "Reads all of it: the checksum of each batch, their chain, the footers against the batches. Exits with 1 if something is not " +
            "what was written. Of a store in use the newest batches may not count.", config, stop, async (inspector, token) =>
            {
                await inspector.VerifyAsync(token);
                return inspector.Problems == 0;
            }),
    };

    private static Command Create(
        string name, string description, Option<string?> config, StopSignals stop, Func<LogInspector, CancellationToken, Task<bool>> run)
    {
        var folder = new Argument<string>("FOLDER") { Description = "The folder of the store, or of the log" };
        var command = new Command(name, description) { folder };
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(
            $"{Name} {name}", stop, token => RunAsync(result.GetValue(config), result.GetValue(folder)!, run, token)));
        return command;
    }

    private static async Task<int> RunAsync(
        string? configFile, string folder, Func<LogInspector, CancellationToken, Task<bool>> run, CancellationToken stop)
    {
        await using var session = await AioSession.StartAsync(configFile, EngineOption.Override(null));
        var isRight = true;
        string[] logs = [.. Logs.Select(log => Path.Combine(folder, log)).Where(Directory.Exists)];
        foreach (var log in logs.Length > 0 ? logs : [folder])
        {
            Console.WriteLine(log);
            isRight &= await run(new LogInspector(session.Aio, log, line => Console.WriteLine($"  {line}")), stop);
        }

        return isRight ? ExitCode.Ok : ExitCode.Failure;
    }
}
