namespace AkkaAio.Demo.CommandLine;

/// <summary>A failure in words for the user: the message is the whole line.</summary>
internal sealed class DemoException(string message) : Exception(message);
