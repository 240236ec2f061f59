namespace AkkaAio;

/// <summary>
/// How urgent a read or write is, to the shard and to the device. The device heeds it where its I/O scheduler does (mq-deadline, bfq, or
/// NVMe's own); without one (<c>none</c>) it makes no difference there. The engines linux-aio and io-uring pass it on; threads do not.
/// </summary>
/// <remarks>The values are the kernel's (ioprio_set(2)): the class in the upper 3 bits of 16, the level in the lower ones.</remarks>
public enum AioPriority : ushort
{
    /// <summary>That of the file (<see cref="AioOpenOptions.Priority"/>), otherwise that of the process.</summary>
    Default = 0,

    /// <summary>
    /// Before all others of its shard that wait, of which every ninth is taken all the same; and the highest level of the kernel's class
    /// best-effort. For a log's writes beside many reads.
    /// </summary>
    High = (2 << 13) | 0,

    /// <summary>The middle of the class best-effort.</summary>
    Normal = (2 << 13) | 4,

    /// <summary>The lowest level of the class best-effort.</summary>
    Low = (2 << 13) | 7,

    /// <summary>The class idle: when nothing else wants the device. On a busy one it may wait without end.</summary>
    Idle = 3 << 13,
}
