using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.Coordination;
using Akka.Event;
using Akka.Serialization;
using Akka.Streams;
using AkkaAio.Cluster.Disks;
using AkkaAio.Cluster.Names;
using AkkaAio.Cluster.Owner;
using AkkaAio.Cluster.Protocol;
using Google.Protobuf;

namespace AkkaAio.Cluster;

/// <summary>
/// The files of the cluster: on a node with disks it serves them, and on every node it is the way to them. One per actor system, made at
/// the start where <see cref="AioClusterProvider"/> is in <c>akka.extensions</c>, else by the first <see cref="Get"/>.
/// </summary>
public sealed partial class AioClusterExt : IExtension
{
    internal const string TypeName = "aio-disk";

    private readonly ExtendedActorSystem _system;

    internal AioClusterExt(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(AioClusterSettings.DefaultConfig());
        Settings = AioClusterSettings.Create(system.Settings.Config);
        system.Settings.InjectTopLevelFallback(ClusterSharding.DefaultConfig());
        StartChecks.Check(system.Settings.Config, Settings);
        var setup = system.Settings.Setup.Get<AioClusterSetup>();
        Disks = setup.HasValue ? setup.Value.Disks : [];
        if (Disks.Count == 0 && Settings.Directories.Count > 0)
        {
            throw new AioClusterException(
                $"{AioClusterSettings.Path}.directories names folders, and the system was not made with an AioClusterSetup, " +
                "which takes them into use before the node joins: ActorSystem.Create(name, AioClusterSetup.For(config))");
        }

        AddSerializer(system);
        Log = Logging.GetLogger(system, typeof(AioClusterExt));
        system.WhenTerminated.ContinueWith(
            _ =>
            {
                foreach (var disk in Disks)
                {
                    disk.Dispose();
                }
            }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Aio = AioExt.Get(system);
        Cluster = Akka.Cluster.Cluster.Get(system);
        if (Disks.FirstOrDefault(disk => !Cluster.SelfRoles.Contains(disk.Role.ToString())) is { } hidden)
        {
            throw new AioClusterException(
                $"this node has the disk {hidden.Id} in {hidden.Path} and not its role {hidden.Role}, by which the cluster finds it: " +
                "akka.cluster.roles was set after the AioClusterSetup was made. Call WithAioCluster behind WithClustering");
        }

        Nodes = new NodeWatch(system, Cluster);
        Materializer = system.Materializer(); // it registers the serializer of stream refs too
        OpenFiles = new OpenFiles(Settings.MaxOpenFiles);
        Credits = new ClientCredits(Settings.ClientCredit);
        Space = new DiskSpace(Settings.MinFree);
        Shards = new DiskShards(FindRole);
        Region = StartRegion();
        if (Disks.OfType<LocalDisk>().ToArray() is { Length: > 0 } local)
        {
            system.SystemActorOf(Props.Create(() => new DoubledDiskWatch(local)), "aio-doubled-disks");
        }

        foreach (var disk in Disks)
        {
            Log.Info("serving the disk {DiskId} in {Path}, role {Role}, start {Epoch}", disk.Id, disk.Path, disk.Role, disk.Epoch);
        }
    }

    /// <summary>The configuration, checked.</summary>
    public AioClusterSettings Settings { get; }

    internal IReadOnlyList<Disk> Disks { get; }

    internal ILoggingAdapter Log { get; }

    internal AioExt Aio { get; }

    internal Akka.Cluster.Cluster Cluster { get; }

    internal NodeWatch Nodes { get; }

    internal ActorMaterializer Materializer { get; }

    internal OpenFiles OpenFiles { get; }

    internal ClientCredits Credits { get; }

    internal DiskSpace Space { get; }

    internal DiskShards Shards { get; }

    /// <summary>Sends a request to the owner of its file, wherever it is.</summary>
    internal IActorRef Region { get; set; } // set by tests that delay and double requests

    /// <summary>The extension of a system.</summary>
    /// <exception cref="AioConfigurationException">A key is wrong; names it.</exception>
    /// <exception cref="AioClusterException">The configuration would corrupt files; says what to set.</exception>
    public static AioClusterExt Get(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return system.WithExtension<AioClusterExt, AioClusterProvider>();
    }

    /// <summary>Runs a blocking call on the core's blocking dispatcher.</summary>
    internal Task<T> RunBlocking<T>(Func<T> call)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Aio.RunBlocking(() =>
        {
            try
            {
                result.SetResult(call());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        return result.Task;
    }

    internal Task RunBlocking(Action call) => RunBlocking(() =>
    {
        call();
        return true;
    });

    /// <summary>A stream ref on its way to another node, by the serializer that Akka.Streams has for it.</summary>
    internal Wire.Reply OfferOf(object reference)
    {
        var serializer = _system.Serialization.FindSerializerFor(reference);
        return new Wire.Reply
        {
            Stream = new Wire.StreamOffered
            {
                Serializer = serializer.Identifier,
                Manifest = serializer is SerializerWithStringManifest named ? named.Manifest(reference) : "",
                Node = Cluster.SelfAddress.ToString(),
                StreamRef = UnsafeByteOperations.UnsafeWrap(
                    Serialization.WithTransport(_system, () => serializer.ToBinary(reference))), // else its refs have no host
            },
        };
    }

    internal T StreamOf<T>(Wire.StreamOffered offered) =>
        (T)_system.Serialization.Deserialize(offered.StreamRef.ToByteArray(), offered.Serializer, offered.Manifest);

    // A system that was made without our defaults has read its serializers before they were added.
    private static void AddSerializer(ExtendedActorSystem system)
    {
        if (system.Serialization.FindSerializerForType(typeof(Wire.Request)) is ClusterSerializer)
        {
            return;
        }

        var serializer = new ClusterSerializer(system);
        system.Serialization.AddSerializer("akka-aio-cluster", serializer);
        foreach (var type in new[] { typeof(Wire.Request), typeof(Wire.Reply), typeof(Wire.Chunk), typeof(UnknownMessage) })
        {
            system.Serialization.AddSerializationMap(type, serializer);
        }
    }

    private IActorRef StartRegion()
    {
        var sharding = ClusterSharding.Get(_system);
        var messages = new FileMessages(Disks.Count > 0 ? Disks[0].Id : null, Shards);
        if (Disks.Count == 0)
        {
            return sharding.StartProxy(TypeName, Settings.Role, messages);
        }

        foreach (var disk in Disks)
        {
            Shards.Add(disk.Role);
        }

        // Akka's passivation counts messages alone, and would stop an owner while a stream of its file goes on.
        // The lease of local disks is their folders' lock; that of shared ones is retried as often as our configuration says.
        var config = _system.Settings.Config.GetConfig("akka.cluster.sharding");
        var settings = ClusterShardingSettings
            .Create(
                ConfigurationFactory.ParseString("use-lease = \"\"").WithFallback(config),
                _system.Settings.Config.GetConfig(config.GetString("coordinator-singleton")))
            .WithRole(Settings.Role)
            .WithPassivateIdleAfter(TimeSpan.Zero);
        if (Disks.OfType<SharedDisk>().Any(disk => !disk.IsUnfenced))
        {
            settings = settings.WithLeaseSettings(new LeaseUsageSettings(config.GetString("use-lease"), Settings.LeaseRetry));
        }

        return sharding.Start(TypeName, PropsOf, settings, messages, new DiskAllocationStrategy(_system), StopOwner.Instance);
    }

    private DiskRole? FindRole(string diskId)
    {
        foreach (var (_, role) in DiskRole.Of(Cluster.State))
        {
            if (role.DiskId == diskId)
            {
                return role;
            }
        }

        return null;
    }

    private Props PropsOf(string entityId)
    {
        if (FileAddress.TryParse(entityId, out var address) is null && Disks.FirstOrDefault(disk => disk.Id == address.Disk) is { } disk)
        {
            return address.IsDisk
                ? Props.Create(() => new DiskOwner(this, disk))
                : Props.Create(() => new FileOwner(this, address, disk));
        }

        return Props.Create(() => new RefusingOwner());
    }
}
