using System.Text;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Progress;

namespace AkkaAio.Demo.Hashing;

/// <summary>Prints results to stdout and failures to stderr.</summary>
internal sealed class HashOutput(StderrLines stderr) : IAsyncDisposable
{
    private readonly StreamWriter _stdout = new(
        Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 16 * 1024)
    {
        AutoFlush = !Console.IsOutputRedirected,
        NewLine = "\n",
    };

    // Both on one terminal: a result has to go above the bar, not through it.
    private readonly bool _sharesTerminal = stderr.HasBar && !Console.IsOutputRedirected;

    /// <exception cref="DemoException">stdout takes no more: nobody would see the results of the other files.</exception>
    public Task WriteAsync(HashedFile file)
    {
        if (file.Hash is null)
        {
            stderr.Report("hash", file.Error!);
            return Task.CompletedTask;
        }

        if (_sharesTerminal)
        {
            stderr.Write(file.ToString());
            return Task.CompletedTask;
        }

        return GuardAsync(_stdout.WriteLineAsync(file.ToString()));
    }

    /// <exception cref="DemoException">stdout did not take all of it.</exception>
    public async ValueTask DisposeAsync() => await GuardAsync(_stdout.DisposeAsync().AsTask());

    private static async Task GuardAsync(Task write)
    {
        try
        {
            await write;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DemoException(Complaint.Describe("stdout", e));
        }
    }
}
