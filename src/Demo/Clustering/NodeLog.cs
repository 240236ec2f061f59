using System.Globalization;
using Akka.Configuration;
using AkkaAio.Demo.CommandLine;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace AkkaAio.Demo.Clustering;

/// <summary>
/// The sinks that Akka.Logger.Serilog writes to, from <c>demo.log</c>: <c>console</c> (text, json or off; stdout) and <c>file</c> (a path;
/// a JSON object a line). Named holes of a message, such as {DiskId}, are properties of its line.
/// The level is Akka's: <c>akka.loglevel</c>.
/// </summary>
internal static class NodeLog
{
    private const string Path = "demo.log";
    private const long MostFileBytes = 64 << 20;

    /// <summary>Sets Serilog's logger, to which the package writes.</summary>
    public static IDisposable Start(Config config)
    {
        var (console, file) = Check(config);
        var setup = new LoggerConfiguration().MinimumLevel.Is(LogEventLevel.Verbose);
        if (console == "json")
        {
            setup.WriteTo.Console(new JsonFormatter(renderMessage: true));
        }
        else if (console == "text")
        {
            setup.WriteTo.Console(
                outputTemplate: "{Timestamp:HH:mm:ss.fff} [{Level:u3}] {Message:lj}{NewLine}{Exception}",
                formatProvider: CultureInfo.InvariantCulture);
        }

        if (file.Length > 0)
        {
            CheckWritable(file);
            setup.WriteTo.File(
                new JsonFormatter(renderMessage: true), file, fileSizeLimitBytes: MostFileBytes, rollOnFileSizeLimit: true,
                retainedFileCountLimit: 4);
        }

        var logger = setup.CreateLogger();
        Log.Logger = logger;
        return logger;
    }

    /// <exception cref="DemoException">A key is wrong.</exception>
    public static (string Console, string File) Check(Config config)
    {
        var console = config.GetString($"{Path}.console", "text");
        return console is "text" or "json" or "off"
            ? (console, config.GetString($"{Path}.file", ""))
            : throw new DemoException($"{Path}.console = {console}; it is text, json or off");
    }

    // The sink would say nothing, and write nothing.
    private static void CheckWritable(string file)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file))!);
            using var probe = File.Open(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new DemoException($"{Path}.file = {Complaint.Describe(file, e)}");
        }
    }
}
