using AkkaAio.Shards;

namespace AkkaAio.Tests.Model;

/// <summary>What a shard has in hand.</summary>
internal static class ShardState
{
    /// <summary>Nothing: nothing is under way, and nobody waits.</summary>
    public static bool IsQuiet(Shard shard) =>
        shard is { Context.Count: 0, Counters.Queued: 0 } && shard.Loop is
        {
            Accepted.IsEmpty: true,
            Admission: { HeldCount: 0, HasRoomWaiters: false },
            Barriers.HasWaitingLanes: false,
            Syncs.HasWanted: false,
            Slots.AllFree: true,
        };

    public static string Describe(Shard shard)
    {
        var loop = shard.Loop;
        return $"shard {shard.Index}: in flight {shard.Context?.Count}, queued {shard.Counters.Queued}, held {loop.Admission.HeldCount}, " +
               $"lanes wait {loop.Barriers.HasWaitingLanes}, syncs wanted {loop.Syncs.HasWanted}, restarts {shard.Counters.Restarts}, " +
               $"slots free {loop.Slots.AllFree}, room awaited {loop.Admission.HasRoomWaiters}, " +
               $"under way {string.Join(" ", UnderWay(loop))}";
    }

    private static IEnumerable<string> UnderWay(ShardLoop loop)
    {
        return loop.Accepted.ToArray().Select(
            accepted => accepted is Operation operation ? $"{operation.Place}:{operation.Opcode}" : $"{accepted?.GetType().Name}");
    }
}
