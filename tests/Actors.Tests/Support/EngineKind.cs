namespace AkkaAio.Tests.Support;

/// <summary>What a spec runs on.</summary>
public enum EngineKind
{
    /// <summary>The kernel, on real files in a temporary folder.</summary>
    LinuxAio,

    /// <summary>The same, reaped by one thread for all shards (reap.wait = epoll).</summary>
    LinuxAioEpoll,

    /// <summary>The engine io-uring, on real files too.</summary>
    IoUring,

    /// <summary>The engine posix-aio, on real files too.</summary>
    PosixAio,

    /// <summary>The engine of blocking threads, on real files too.</summary>
    ThreadPool,

    /// <summary>The in-memory engine with its scripted faults.</summary>
    Memory,
}
