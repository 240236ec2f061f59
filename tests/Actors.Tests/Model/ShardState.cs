using AkkaAio.Shards;

namespace AkkaAio.Tests.Model;

/// <summary>What a shard has in hand.</summary>
internal static class ShardState
{
    /// <summary>Nothing: every slot is free, nobody waits.</summary>
    public static bool IsQuiet(Shard shard) => shard is
    {
        InFlight: { AllFree: true, Count: 0 },
        HeldCommands: 0,
        Counters.Queued: 0,
        LanesWaiting.Count: 0,
        OpenBarriers.Count: 0,
        WantedDataSyncs.Count: 0,
        RoomWaiters.Count: 0,
        Blocking.Count: 0,
    };

    public static string Describe(Shard shard) =>
        $"shard {shard.Index}: in flight {shard.InFlight?.Count}, queued {shard.Counters.Queued}, held {shard.HeldCommands}, " +
        $"lanes {shard.LanesWaiting.Count}, barriers {shard.OpenBarriers.Count}, syncs wanted {shard.WantedDataSyncs.Count}, " +
        $"blocking {shard.Blocking.Count}, room {shard.RoomWaiters.Count}, restarts {shard.Counters.Restarts}, " +
        $"slots {string.Join(" ", shard.InFlight is { } inFlight ? SlotsOf(inFlight) : [])}";

    private static IEnumerable<string> SlotsOf(InFlight inFlight) =>
        inFlight.Slots.ToArray().Where(slot => slot.State != SlotState.Free).Select(slot => $"{slot.State}:{slot.Opcode}");
}
