namespace AkkaAio.Demo.CommandLine;

/// <summary>
/// stdout and stderr of a process whose disk may be full. What cannot be written to stderr is lost without a word. What cannot be
/// written to stdout fails the run in the end, with a line on stderr.
/// </summary>
internal static class StandardStreams
{
    /// <summary>Runs the demo with both streams guarded; gives the exit code.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> run)
    {
        var stdout = new TolerantWriter(Console.Out);
        Console.SetOut(stdout);
        Console.SetError(new TolerantWriter(Console.Error));
        var code = await run();
        if (stdout.Failure is not { } failure)
        {
            return code;
        }

        Complaint.Report("stdout", Complaint.Describe(failure));
        return code == ExitCode.Ok ? ExitCode.Failure : code;
    }
}
