using System.CommandLine;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Hashing;
using AkkaAio.Demo.Progress;
using AkkaAio.Demo.Session;

namespace AkkaAio.Demo.Verbs;

/// <summary><c>hash</c>: sha256sum, many files and many blocks at a time.</summary>
internal static class HashVerb
{
    private const string Name = "hash";

    public static Command Create(Option<string?> config, StopSignals stop)
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Files, block devices or folders",
            Arity = ArgumentArity.OneOrMore,
        };
        var engine = EngineOption.OfFiles();
        var command = new Command(
            Name,
            "Prints SHA-256 checksums exactly as sha256sum does, in the order of the arguments. A folder stands for the regular files " +
            "below it, as find -type f | LC_ALL=C sort lists them: symbolic links, pipes, sockets and devices in it are passed over. A " +
            "symbolic link that is itself an argument is followed. A file that fails costs one line on stderr and, at the end, exit " +
            "code 1.")
        {
            paths, engine,
        };
        command.SetAction((result, _) => DemoCommand.RunVerbAsync(
            Name, stop, token => RunAsync(result.GetValue(config), result.GetValue(engine), result.GetValue(paths)!, token)));
        return command;
    }

    private static async Task<int> RunAsync(string? configFile, string? engine, string[] paths, CancellationToken stop)
    {
        await using var session = await AioSession.StartAsync(configFile, EngineOption.Override(engine));
        var meter = new Meter();
        return await ProgressBar.ShowAsync(Name, meter, async stderr =>
        {
            await using var output = new HashOutput(stderr);
            using var hasher = new FileHasher(session.Aio, meter, new BufferedNotice(Name, stderr));
            var failed = false;
            await foreach (var hashed in hasher.HashAllAsync(paths, stop))
            {
                failed |= hashed.Hash is null;
                await output.WriteAsync(hashed);
            }

            return failed ? ExitCode.Failure : ExitCode.Ok;
        });
    }
}
