using Akka.Actor;

namespace AkkaAio.Cluster.Owner;

/// <summary>
/// To an owner: take no more work, finish what there is, flush, close, and end. Told by sharding at a hand-off and to one that is idle.
/// </summary>
internal sealed class StopOwner : IPossiblyHarmful
{
    public static StopOwner Instance { get; } = new();

    private StopOwner()
    {
    }
}

/// <summary>To an owner: the lease of its file's shard is lost; change nothing more, and close the file.</summary>
internal sealed record LeaseLost(string Reason) : INoSerializationVerificationNeeded;

/// <summary>To an owner: too many files are open on its node; ask to be stopped.</summary>
internal sealed class MakeRoom : INoSerializationVerificationNeeded
{
    public static MakeRoom Instance { get; } = new();

    private MakeRoom()
    {
    }
}
