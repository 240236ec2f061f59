using System.Collections.Concurrent;

namespace AkkaAio.Shards;

/// <summary>
/// Contexts whose drain deadline passed, with what the kernel had of them. They are kept for the life of the process: the kernel may still
/// write to their buffers, and a finalizer that ran io_destroy would wait for a stuck device.
/// </summary>
internal static class AbandonedContexts
{
    private static readonly ConcurrentBag<(ShardContext Context, IReadOnlyList<Operation> Operations)> Kept = [];

    public static int Count => Kept.Count;

    public static void Keep(ShardContext context, IReadOnlyList<Operation> operations) => Kept.Add((context, operations));
}
