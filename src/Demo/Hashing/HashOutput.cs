using System.Text;
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

        return _stdout.WriteLineAsync(file.ToString());
    }

    public ValueTask DisposeAsync() => _stdout.DisposeAsync();
}
