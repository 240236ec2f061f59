using Akka.Configuration;
using Akka.Dispatch;
using AkkaAio.Dispatch;

namespace AkkaAio;

/// <summary>
/// Checks the section of a dispatcher: Akka takes an unknown key for none, and finds a wrong value only when the first task runs, which
/// then never does.
/// </summary>
/// <remarks>
/// A <c>type</c> or <c>executor</c> of somebody else's has keys that are not known here: they pass, and only those of the table are
/// checked.
/// </remarks>
internal static class DispatcherKeys
{
    // Akka's, and ours. The mailboxes of shards are unbounded, so mailbox-type and its like are not among them.
    private static readonly Config Table = ConfigurationFactory.ParseString("""
        type = Dispatcher, executor = default-executor, throughput = 1, throughput-deadline-time = 0, shutdown-timeout = 1s
        dedicated-thread-pool { thread-count = 1, deadlock-timeout = 1s, threadtype = background, apartment = mta }
        fork-join-executor { parallelism-min = 1, parallelism-factor = 1, parallelism-max = 1, task-peeking-mode = FIFO }
        channel-executor { priority = normal }
        """);

    private static readonly string[] AkkaTypes =
        ["Dispatcher", "PinnedDispatcher", "ForkJoinDispatcher", "TaskDispatcher", "SynchronizedDispatcher"];

    private static readonly string[] AkkaExecutors =
    [
        "default-executor", "thread-pool-executor", "fork-join-executor", "task-executor", "channel-executor", "current-context-executor",
    ];

    /// <param name="section">The section with its fallbacks.</param>
    /// <param name="reference">The section of <c>reference.conf</c>.</param>
    /// <param name="path">Its full path.</param>
    /// <exception cref="AioConfigurationException">A key is unknown, empty or impossible; names it.</exception>
    public static void Check(Config section, Config reference, string path)
    {
        var type = ClassOf(section, path, "type", AkkaTypes, typeof(MessageDispatcherConfigurator));
        var executor = ClassOf(section, path, "executor", AkkaExecutors, typeof(ExecutorServiceConfigurator));
        var known = reference.WithFallback(Table)
            .WithFallback(type == typeof(ThreadDispatcherConfigurator) ? "spin = 0" : "")
            .WithFallback(executor == typeof(BlockingExecutorConfigurator) ? "threads = 1" : "");
        if (IsOursOrNull(type) && IsOursOrNull(executor))
        {
            ConfigKeys.CheckSection(section, known, path);
        }

        CheckValues(new ConfigReader(section, path), section);
    }

    private static void CheckValues(ConfigReader reader, Config section)
    {
        foreach (var (key, check) in new (string, Action<string>)[]
                 {
                     ("throughput", key => reader.Int(key, 1, int.MaxValue)),
                     ("throughput-deadline-time", key => reader.Time(key, TimeSpan.Zero, TimeSpan.FromDays(3650))),
                     ("shutdown-timeout", key => reader.Time(key, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1))),
                     ("spin", key => reader.Time(key, TimeSpan.Zero, TimeSpan.FromMilliseconds(100))),
                     ("threads", key => reader.Int(key, 1, BlockingExecutorConfigurator.MostThreads)),
                     ("dedicated-thread-pool.thread-count", key => reader.Int(key, 1, 32768)),
                     ("dedicated-thread-pool.threadtype", key => reader.OneOf(key, "background", "foreground")),
                     ("fork-join-executor.parallelism-min", key => reader.Int(key, 1, 32768)),
                     ("fork-join-executor.parallelism-max", key => reader.Int(key, 1, 32768)),
                     ("channel-executor.priority", key => reader.OneOf(key, "normal", "low", "high", "background")),
                 })
        {
            if (section.HasPath(key))
            {
                check(key);
            }
        }
    }

    // Null: one of Akka's names, or none is given.
    private static Type? ClassOf(Config section, string path, string key, string[] akkas, Type kind)
    {
        if (!section.HasPath(key) || section.GetValue(key) is not { } value)
        {
            return null;
        }

        if (value.IsObject() || value.IsArray() || string.IsNullOrWhiteSpace(value.GetString()))
        {
            throw new AioConfigurationException($"{path}.{key}", Allowed("this", akkas, kind));
        }

        var name = value.GetString().Trim();
        return akkas.Contains(name)
            ? null
            : Type.GetType(name) is { IsAbstract: false } type && type.IsAssignableTo(kind)
                ? type
                : throw new AioConfigurationException($"{path}.{key}", Allowed($"\"{name}\"", akkas, kind));
    }

    private static string Allowed(string value, string[] akkas, Type kind) =>
        $"{value} is not one of {string.Join(", ", akkas)}, nor the name of a class that extends {kind.Name}, such as " +
        "\"Some.Class, Some.Assembly\"";

    private static bool IsOursOrNull(Type? type) => type is null || type.Assembly == typeof(DispatcherKeys).Assembly;
}
