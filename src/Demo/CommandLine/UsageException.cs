namespace AkkaAio.Demo.CommandLine;

/// <summary>
/// Options that are right one by one and do not go together: ends the process with <see cref="ExitCode.Usage"/>. The message is the
/// whole line.
/// </summary>
internal sealed class UsageException(string message) : Exception(message);
