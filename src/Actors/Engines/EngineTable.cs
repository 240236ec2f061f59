using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.IoUring;
using AkkaAio.Interop.Engines.LinuxAio;
using AkkaAio.Interop.Engines.PosixAio;
using AkkaAio.Interop.Engines.ThreadPool;

namespace AkkaAio.Engines;

/// <summary>The engines by their names in <c>akka.io.aio.engine</c>, a line each.</summary>
internal static class EngineTable
{
    private static readonly (string Name, Func<IIoEngine>? Make)[] Engines =
    [
        (LinuxAioEngine.EngineName, () => new LinuxAioEngine()),
        (IoUringEngine.EngineName, () => new IoUringEngine()),
        (ThreadPoolEngine.EngineName, () => new ThreadPoolEngine()),
        (PosixAioEngine.EngineName, () => new PosixAioEngine()),
    ];

    /// <summary>In the order of the table.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Engines.Select(engine => engine.Name)];

    /// <summary>A new engine; null for one that this build does not have.</summary>
    public static IIoEngine? Make(string name) => Engines.Single(engine => engine.Name == name).Make?.Invoke();
}
