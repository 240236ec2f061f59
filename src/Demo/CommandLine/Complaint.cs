using System.Text.RegularExpressions;
using AkkaAio.Cluster;

namespace AkkaAio.Demo.CommandLine;

/// <summary>Exceptions in one line of plain words: no stack trace, no .NET type name.</summary>
internal static partial class Complaint
{
    /// <summary>Writes "verb: what failed" to stderr.</summary>
    public static void Report(string verb, string text) => Console.Error.WriteLine(Line(verb, text));

    /// <summary>"verb: what failed". A name can hold line breaks; this is one line all the same.</summary>
    public static string Line(string verb, string text) => $"{verb}: {OneLine(text)}";

    /// <summary>What went wrong, for the user. Akka wraps what an extension throws; the cause within is what counts.</summary>
    public static string Describe(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is AioException or AioConfigurationException or AioClusterException or AioClusterFileException or DemoException)
            {
                return e.Message;
            }
        }

        var cause = exception;
        while (cause.InnerException is { } inner && ErrnoOf(cause) is null)
        {
            cause = inner;
        }

        // Messages of the BCL and of Akka can drag types and stack traces along.
        var text = TypeNames().Replace(cause.Message.Split('\n')[0].Trim(), "");
        return ErrnoOf(cause) is { } errno && !text.Contains(errno.Name(), StringComparison.Ordinal) ? $"{text} ({errno.Name()})" : text;
    }

    /// <summary>"/path: EACCES (Permission denied)", or without the errno where there is none.</summary>
    public static string Describe(string path, Exception exception) =>
        ErrnoOf(exception) is { } errno ? Describe(path, errno) : $"{path}: {ReasonOf(path, exception)}";

    /// <summary>"/path: EACCES (Permission denied)".</summary>
    public static string Describe(string path, Errno errno) => $"{(path.Length == 0 ? "''" : path)}: {errno.Name()} ({errno.Text()})";

    /// <summary>The errno within, as far as there is one.</summary>
    public static Errno? ErrnoOf(Exception exception) => exception switch
    {
        AioSystemException system => system.Errno,
        AioException => null,
        FileNotFoundException or DirectoryNotFoundException => Errno.ENOENT,
        PathTooLongException => Errno.ENAMETOOLONG,
        UnauthorizedAccessException { InnerException: IOException io } when Enum.IsDefined((Errno)io.HResult) => (Errno)io.HResult,
        UnauthorizedAccessException => Errno.EACCES,
        IOException io when io.HResult != 0 && Enum.IsDefined((Errno)io.HResult) => (Errno)io.HResult,
        _ => null,
    };

    private static string OneLine(string text) =>
        text.AsSpan().IndexOfAny('\n', '\r') < 0
            ? text
            : text.Replace("\n", @"\n", StringComparison.Ordinal).Replace("\r", @"\r", StringComparison.Ordinal);

    // "open /path: reason" says the path already.
    private static string ReasonOf(string path, Exception exception)
    {
        var text = Describe(exception);
        var at = text.IndexOf(path + ": ", StringComparison.Ordinal);
        return at < 0 ? text : text[(at + path.Length + 2)..];
    }

    [GeneratedRegex(@"\b(?:System|Akka|Microsoft|AkkaAio)(?:\.\w+)*Exception: ")]
    private static partial Regex TypeNames();
}
