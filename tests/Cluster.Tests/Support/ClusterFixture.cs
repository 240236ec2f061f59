using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using AkkaAio.Cluster.Owner;
using AkkaAio.Tests.Support;

namespace AkkaAio.Cluster.Tests;

/// <summary>Nodes of one cluster in this process, over real remoting and sharding, each with a folder of its own.</summary>
public class ClusterFixture : IAsyncLifetime
{
    private readonly string _folder =
        Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "tmp-" + Guid.NewGuid().ToString("N"))).FullName;
    private readonly List<ActorSystem> _systems = [];
    private readonly int _seedPort = FreePort.Take();

    public IReadOnlyList<ActorSystem> Systems => _systems;

    public async Task InitializeAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            await StartAsync(FolderOf(i), Hocon);
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var system in _systems)
        {
            await system.Terminate();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Of the nodes that are there from the start.</summary>
    protected virtual string Hocon => "";

    public virtual string FolderOf(int node) => Directory.CreateDirectory(Path.Combine(_folder, $"disk-{node}")).FullName;

    public AioClusterExt Node(int index) => AioClusterExt.Get(_systems[index]);

    /// <summary>The id of a node's disk.</summary>
    public string DiskOf(int node) => Node(node).Disks[0].Id;

    /// <summary>Starts one more node; without a folder it is a client.</summary>
    public async Task<ActorSystem> StartAsync(string? folder = null, string hocon = "")
    {
        var system = Create(folder, hocon);
        _systems.Add(system);
        await AwaitMembersAsync(_systems.Count);
        return system;
    }

    /// <summary>A node that is no node of this fixture: one that will not stay. It is not waited for.</summary>
    public ActorSystem Create(string? folder, string hocon = "")
    {
        var config = ConfigOf(
            _systems.Count == 0 ? _seedPort : 0,
            _seedPort,
            folder is null ? "" : $"akka.io.aio.cluster.directories = [\"{folder}\"]",
            hocon);
        var system = ActorSystem.Create("files", AioClusterSetup.For(config));
        _ = AioClusterExt.Get(system);
        return system;
    }

    /// <summary>Ends a node in an orderly way.</summary>
    public async Task StopAsync(ActorSystem system)
    {
        _systems.Remove(system);
        await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
        await AwaitMembersAsync(_systems.Count);
    }

    /// <summary>An actor between a client and the owners, to be the client's region.</summary>
    /// <param name="client">The client.</param>
    /// <param name="onRequest">Gets each request, the owners' region, and the one that is to be answered.</param>
    internal IActorRef Between(AioClusterExt client, Action<Wire.Request, IActorRef, IActorRef> onRequest)
    {
        var owner = client.Region;
        return _systems.Single(system => AioClusterExt.Get(system) == client)
            .ActorOf(Props.Create(() => new BetweenActor(owner, onRequest)));
    }

    /// <summary>Ends the owner of a file of the first node in an orderly way.</summary>
    internal async Task StopOwnerAsync(string file)
    {
        var time = TimeSpan.FromSeconds(60);
        var owner = await _systems[0]
            .ActorSelection($"/system/sharding/aio-disk/{file.Split('/')[0]}/{Uri.EscapeDataString(file)}")
            .ResolveOne(time);
        Assert.True(await owner.GracefulStop(time, StopOwner.Instance));
    }

    public static Config ConfigOf(int port, int seedPort, params string[] hocon) =>
        ConfigurationFactory.ParseString(string.Join('\n', hocon)).WithFallback(
            $$"""
            akka {
              loglevel = WARNING
              log-dead-letters = off
              actor.provider = cluster
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = {{port}} }
              cluster {
                seed-nodes = ["akka.tcp://files@127.0.0.1:{{seedPort}}"]
                gossip-interval = 200 ms
                leader-actions-interval = 200 ms
                downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
                split-brain-resolver.stable-after = 3s
                failure-detector { heartbeat-interval = 500 ms, acceptable-heartbeat-pause = 2s }
                sharding {
                  state-store-mode = ddata, distributed-data.durable.keys = [], remember-entities = off, retry-interval = 200 ms
                  distributed-data.notify-subscribers-interval = 100 ms
                }
              }
              io.aio { shards = 1, depth = 64 }
              io.aio.cluster { min-free = 0 }
            }
            """);

    private async Task AwaitMembersAsync(int count)
    {
        foreach (var system in _systems)
        {
            var up = new TaskCompletionSource();
            var watcher = system.ActorOf(Props.Create(() => new MembersUp(count, up)));
            await up.Task.WaitAsync(TimeSpan.FromSeconds(60));
            system.Stop(watcher);
        }
    }

    private sealed class BetweenActor : ReceiveActor
    {
        public BetweenActor(IActorRef owner, Action<Wire.Request, IActorRef, IActorRef> onRequest) =>
            Receive<Wire.Request>(request => onRequest(request, owner, Sender));
    }

    private sealed class MembersUp : ReceiveActor
    {
        public MembersUp(int count, TaskCompletionSource done)
        {
            var members = new HashSet<UniqueAddress>();
            var cluster = Akka.Cluster.Cluster.Get(Context.System);
            cluster.Subscribe(
                Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
                typeof(ClusterEvent.MemberUp), typeof(ClusterEvent.MemberRemoved));
            Receive<ClusterEvent.MemberUp>(up => Set(members.Add(up.Member.UniqueAddress)));
            Receive<ClusterEvent.MemberRemoved>(removed => Set(members.Remove(removed.Member.UniqueAddress)));

            void Set(bool isNew)
            {
                if (isNew && members.Count == count)
                {
                    done.TrySetResult();
                }
            }
        }

        protected override void PostStop() => Akka.Cluster.Cluster.Get(Context.System).Unsubscribe(Self);
    }
}
