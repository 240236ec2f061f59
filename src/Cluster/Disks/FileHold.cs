using Akka.Actor;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// The right to have one file open, and to change it. It counts: the open file has it until its descriptor is closed, and so has a call
/// under way that works on the file's name. The lease of the file's shard goes to no other node before the last one has given it back.
/// </summary>
/// <param name="epoch">Of this open; never seen before, and higher than that of every open before.</param>
/// <param name="owner">The file's owner.</param>
/// <param name="givenBack">Called once, by the last one.</param>
internal sealed class FileHold(ulong epoch, IActorRef owner, Action<FileHold>? givenBack)
{
    private int _count = 1;

    public ulong Epoch => epoch;

    public IActorRef Owner => owner;

    /// <summary>One more has it. Only while it is held.</summary>
    public void Keep() => Interlocked.Increment(ref _count);

    public void GiveBack()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            givenBack?.Invoke(this);
        }
    }
}
