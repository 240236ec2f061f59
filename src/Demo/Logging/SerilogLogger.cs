using System.Globalization;
using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using AkkaLogLevel = Akka.Event.LogLevel;
using LogEvent = Akka.Event.LogEvent;
using MicrosoftLogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace AkkaAio.Demo.Logging;

/// <summary>
/// Akka's log on stderr, through Microsoft.Extensions.Logging and Serilog. The level is Akka's: <c>akka.loglevel</c>. Another logger:
/// <c>akka.loggers</c>.
/// </summary>
internal sealed class SerilogLogger : UntypedActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    // Most runs log nothing: the logging libraries are loaded by the first line.
    private LoggerFactory? _factory;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                break;
            case LogEvent line:
                Write(line);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop() => _factory?.Dispose();

    private void Write(LogEvent line)
    {
        _factory ??= CreateFactory();
        _factory.CreateLogger(line.LogClass?.FullName ?? line.LogSource)
            .Log(LevelOf(line.LogLevel()), line.Cause, "{Message}", line.Message?.ToString());
    }

    private static LoggerFactory CreateFactory() => new([new SerilogLoggerProvider(
        new LoggerConfiguration()
            .MinimumLevel.Is(LogEventLevel.Verbose)
            .WriteTo.Console(
                outputTemplate: "[{Level:u3}] {Message:lj}{NewLine}{Exception}",
                formatProvider: CultureInfo.InvariantCulture,
                standardErrorFromLevel: LogEventLevel.Verbose)
            .CreateLogger(),
        dispose: true)]);

    private static MicrosoftLogLevel LevelOf(AkkaLogLevel level) => level switch
    {
        AkkaLogLevel.DebugLevel => MicrosoftLogLevel.Debug,
        AkkaLogLevel.InfoLevel => MicrosoftLogLevel.Information,
        AkkaLogLevel.WarningLevel => MicrosoftLogLevel.Warning,
        _ => MicrosoftLogLevel.Error,
    };
}
