using System.Runtime.CompilerServices;

namespace AkkaAio.Files;

/// <summary>
/// The writes of a lane that are under way, in two epochs. Started is counted by the shard, reaped by the reaper; both are read by anyone.
/// Apart from the lane, because it outlives the <see cref="AioFile"/>.
/// </summary>
internal sealed class WriteCounts
{
    private Epochs _started;
    private Epochs _reaped;

    /// <summary>A write is under way. True also of one that has just ended.</summary>
    public bool HasPending => IsPending(0) || IsPending(1);

    /// <summary>Shard: a write has been accepted.</summary>
    public void Start(int epoch) => Volatile.Write(ref _started[epoch], _started[epoch] + 1);

    /// <summary>Shard: an accepted write is answered, without the reaper.</summary>
    public void Undo(int epoch) => Volatile.Write(ref _started[epoch], _started[epoch] - 1);

    /// <summary>Reaper: a write has been answered.</summary>
    public void Reaped(int epoch) => Volatile.Write(ref _reaped[epoch], _reaped[epoch] + 1);

    /// <summary>A write of this epoch is under way.</summary>
    public bool IsPending(int epoch)
    {
        // In this order: what is reaped in between makes it look busy, and never quiet.
        var reaped = Volatile.Read(ref _reaped[epoch]);
        return reaped != Volatile.Read(ref _started[epoch]);
    }

    [InlineArray(2)]
    private struct Epochs
    {
        private long _first;
    }
}
