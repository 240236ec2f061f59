using Akka.Event;

namespace AkkaAio;

/// <summary>Fits <c>buffer-pool.budget</c> into the memory that the process may use.</summary>
internal static class MemoryBudget
{
    /// <summary>
    /// Bytes that the process may use: what .NET's collector keeps to, which is three quarters of a cgroup's limit, and otherwise the
    /// machine's memory.
    /// </summary>
    public static long Available => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>What the budget <c>auto</c> is: 256 MiB, or our share of what is available where that is less.</summary>
    public static long Auto(double share) => Math.Min(256 << 20, Most(Available, share));

    /// <summary>The settings, with the budget lowered to our share of what is available, and a warning, where it is above it.</summary>
    public static AioSettings Fit(AioSettings settings, long available, ILoggingAdapter log)
    {
        var most = Most(available, settings.MemoryShare);
        if (settings.BufferBudget <= most)
        {
            return settings;
        }

        log.Warning(
            "buffer-pool.budget is {Budget} bytes instead of {Wanted}: the process may use {Available} bytes, by its cgroup's limit or " +
            "the machine's memory, and buffer-pool.memory-share is {Share}",
            most, settings.BufferBudget, available, settings.MemoryShare);
        return settings with { BufferBudget = most };
    }

    private static long Most(long available, double share) => Math.Max((long)(available * share), AioBuffer.Alignment);
}
