using Akka.Event;

namespace AkkaAio.Telemetry;

/// <summary>
/// A log whose sink may throw: Akka calls some sinks on the thread that logs (StandardOutLogger, whose output may be closed or full, and
/// any subscriber to log events that is no actor). A line that cannot be written is lost, and nothing else.
/// </summary>
internal sealed class SafeLog(ILoggingAdapter log) : ILoggingAdapter
{
    public ILogMessageFormatter Formatter => log.Formatter;

    public bool IsDebugEnabled => log.IsDebugEnabled;

    public bool IsInfoEnabled => log.IsInfoEnabled;

    public bool IsWarningEnabled => log.IsWarningEnabled;

    public bool IsErrorEnabled => log.IsErrorEnabled;

    public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

    public void Log(LogLevel logLevel, Exception? cause, LogMessage message)
    {
        try
        {
            log.Log(logLevel, cause, message);
        }
        catch (Exception)
        {
            // The sink's own trouble.
        }
    }

    public void Log(LogLevel logLevel, Exception? cause, string format)
    {
        try
        {
            log.Log(logLevel, cause, format);
        }
        catch (Exception)
        {
            // The sink's own trouble.
        }
    }

    /// <summary>Publishes an event whose subscribers may throw.</summary>
    public static void Publish(EventStream events, object message)
    {
        try
        {
            events.Publish(message);
        }
        catch (Exception)
        {
            // The subscriber's own trouble.
        }
    }
}
