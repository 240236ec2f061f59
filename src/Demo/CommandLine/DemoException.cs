namespace AkkaAio.Demo.CommandLine;

/// <summary>A failure in words for the user: the message is the whole line.</summary>
internal sealed class DemoException(string message, int exitCode = ExitCode.Failure) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
