using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Cluster;

namespace AkkaAio.Cluster;

/// <summary>
/// Ends streams whose other side's node has left the cluster. Stream refs do it for a stage that ends and not for a node that dies
/// (Akka.NET 1.5.74): such a stream would never end.
/// </summary>
internal sealed class NodeWatch
{
    // A stream that was begun in the moment in which its node was removed is found by a second look.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<Address, CancellationTokenSource> _nodes = new();
    private readonly Akka.Cluster.Cluster _cluster;

    public NodeWatch(ExtendedActorSystem system, Akka.Cluster.Cluster cluster)
    {
        _cluster = cluster;
        system.SystemActorOf(Props.Create(() => new Watcher(this)), "aio-node-watch");
    }

    /// <summary>Cancelled when the node has been removed.</summary>
    public CancellationToken Gone(Address node) => _nodes.GetOrAdd(node, static _ => new CancellationTokenSource()).Token;

    /// <summary>As <see cref="Gone(Address)"/>, of an address as another node says it.</summary>
    public CancellationToken Gone(string node) => Address.TryParse(node, out var address) ? Gone(address) : CancellationToken.None;

    private void OnRemoved(Address node)
    {
        if (_cluster.State.Members.All(member => !member.Address.Equals(node)) && _nodes.TryRemove(node, out var source))
        {
            source.Cancel(); // not disposed: a token of it may still be asked for
        }
    }

    private sealed class Watcher : ReceiveActor, IWithTimers
    {
        public Watcher(NodeWatch watch)
        {
            Receive<ClusterEvent.MemberRemoved>(removed =>
            {
                watch.OnRemoved(removed.Member.Address);
                Timers.StartSingleTimer(removed.Member.Address, removed.Member.Address, LookAgain);
            });
            Receive<Address>(watch.OnRemoved);
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart() => Akka.Cluster.Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));

        protected override void PostStop() => Akka.Cluster.Cluster.Get(Context.System).Unsubscribe(Self);
    }
}
