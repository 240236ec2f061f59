using System.Runtime.CompilerServices;

namespace AkkaAio.Files;

/// <summary>
/// The writes of a lane that are under way, in two epochs: counted by the shard's thread, read by any. Apart from the lane, because it
/// outlives the <see cref="AioFile"/>.
/// </summary>
internal sealed class WriteCounts
{
    private Epochs _underWay;

    /// <summary>A write is under way.</summary>
    public bool HasPending => IsPending(0) || IsPending(1);

    /// <summary>How many are under way.</summary>
    public int Count => Volatile.Read(ref _underWay[0]) + Volatile.Read(ref _underWay[1]);

    public void Start(int epoch) => Volatile.Write(ref _underWay[epoch], _underWay[epoch] + 1);

    public void End(int epoch) => Volatile.Write(ref _underWay[epoch], _underWay[epoch] - 1);

    /// <summary>A write of this epoch is under way.</summary>
    public bool IsPending(int epoch) => Volatile.Read(ref _underWay[epoch]) != 0;

    [InlineArray(2)]
    private struct Epochs
    {
        private int _first;
    }
}
