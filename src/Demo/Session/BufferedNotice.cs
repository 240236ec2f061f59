using AkkaAio.Demo.Progress;

namespace AkkaAio.Demo.Session;

/// <summary>Says once on stderr that a file is read or written through the page cache, because direct I/O is refused.</summary>
internal sealed class BufferedNotice(string verb, StderrLines stderr)
{
    private int _said;

    public void Check(AioFile file)
    {
        if (!file.IsDirect && Interlocked.Exchange(ref _said, 1) == 0)
        {
            stderr.Report(verb, $"{file.Path} takes no direct I/O (O_DIRECT); it, and others like it, go through the page cache");
        }
    }
}
