using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// Ends a node whose disk another node has too, and had first: one is a copy of the other, and both would write. A member that does not
/// answer does not count: it may be this node's own last run, which the cluster has not removed yet.
/// </summary>
internal sealed class DoubledDiskWatch : UntypedActor
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<Disk> _disks;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<UniqueAddress, Member> _up = []; // Cluster.State may lag behind the events
    private ICancelable? _next;

    public DoubledDiskWatch(IReadOnlyList<Disk> disks) => _disks = disks;

    protected override void PreStart() =>
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _next?.Cancel();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.MemberUp up:
                _up[up.Member.UniqueAddress] = up.Member;
                Look();
                break;
            case ClusterEvent.IMemberEvent other:
                _up.Remove(other.Member.UniqueAddress);
                break;
            case Again:
                Look();
                break;
            case ActorIdentity { MessageId: UniqueAddress other, Subject: not null }:
                if (Doubled().FirstOrDefault(found => found.Other.UniqueAddress.Equals(other)) is ({ } member, { } disk))
                {
                    _log.Error(
                        "the disk {DiskId} in {Path} is on the node {Node} too, which was up before this one: it was copied. " +
                        "This node leaves the cluster. Give it a folder of its own, or stop the other one",
                        disk.Id, disk.Path, member.Address);
                    _ = CoordinatedShutdown.Get(Context.System).Run(DoubledDisk.Instance);
                    Context.Stop(Self);
                }

                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Look()
    {
        _next?.Cancel();
        _next = null;
        foreach (var (other, _) in Doubled())
        {
            Context.ActorSelection(new RootActorPath(other.Address) / "user").Tell(new Identify(other.UniqueAddress));
            _next ??= Context.System.Scheduler.ScheduleTellOnceCancelable(AskAgain, Self, Again.Instance, Self);
        }
    }

    private IEnumerable<(Member Other, Disk Disk)> Doubled() =>
        !_up.TryGetValue(_cluster.SelfUniqueAddress, out var self)
            ? []
            : from other in _up.Values
              where other.IsOlderThan(self)
              from disk in _disks
              where other.HasRole(disk.Role.ToString())
              select (other, disk);

    private sealed class Again : INoSerializationVerificationNeeded
    {
        public static Again Instance { get; } = new();
    }

    /// <summary>Why the system ends.</summary>
    private sealed class DoubledDisk : CoordinatedShutdown.Reason
    {
        public static DoubledDisk Instance { get; } = new();

        public override int ExitCode => 1;
    }
}
