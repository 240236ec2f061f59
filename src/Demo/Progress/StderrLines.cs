using System.Collections.Concurrent;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Demo.Progress;

/// <summary>Lines for stderr while a verb works: at once, or, where there is a bar, above it when it is drawn next.</summary>
/// <param name="hasBar">Whether a bar is being shown.</param>
internal sealed class StderrLines(bool hasBar)
{
    private readonly ConcurrentQueue<string> _waiting = new();

    public bool HasBar => hasBar;

    public void Report(string verb, string text) => Write(Complaint.Line(verb, text));

    public void Write(string line)
    {
        if (hasBar)
        {
            _waiting.Enqueue(line);
        }
        else
        {
            Console.Error.WriteLine(line);
        }
    }

    /// <summary>What waits for the bar to be drawn, each line with its line feed.</summary>
    public string TakeAll() => string.Concat(TakeEach());

    private IEnumerable<string> TakeEach()
    {
        while (_waiting.TryDequeue(out var line))
        {
            yield return line + "\n";
        }
    }
}
