using System.Text;

namespace AkkaAio.Demo.CommandLine;

/// <summary>A writer that never throws: it keeps the first failure, and after it writes nothing more.</summary>
internal sealed class TolerantWriter(TextWriter inner) : TextWriter
{
    /// <summary>What went wrong first: ENOSPC, EBADF …; null while all is well.</summary>
    public Exception? Failure { get; private set; }

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Try((writer, text) => writer.Write(text), value);

    public override void Write(char[] buffer, int index, int count) =>
        Try((writer, text) => writer.Write(text.buffer, text.index, text.count), (buffer, index, count));

    public override void Write(string? value) => Try((writer, text) => writer.Write(text), value);

    // In one write: a line of one process is not torn by another's on the same terminal.
    public override void WriteLine(string? value) => Try((writer, text) => writer.WriteLine(text), value);

    public override void Flush() => Try((writer, _) => writer.Flush(), 0);

    private void Try<T>(Action<TextWriter, T> write, T value)
    {
        if (Failure is not null)
        {
            return;
        }

        try
        {
            write(inner, value);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failure = e;
        }
    }
}
