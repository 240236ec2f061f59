using Akka.Actor;
using AkkaAio.Cluster.Owner;

namespace AkkaAio.Cluster.Tests;

/// <summary>What specs of one owner share: requests told by hand from the owner's node.</summary>
public abstract class NodeSpecs(ClusterFixture cluster)
{
    protected static readonly TimeSpan Time = TimeSpan.FromSeconds(60);

    protected ClusterFixture Cluster => cluster;

    private protected Task<Wire.Reply> AskAsync(Wire.Request request) => cluster.Node(0).Region.Ask<Wire.Reply>(request, Time);

    /// <summary>An address on the disk of node 0 that no file has.</summary>
    protected string NewAddress() => $"{cluster.DiskOf(0)}/{Guid.NewGuid():N}";

    private protected async Task<(string File, Wire.FileOpened Opened)> CreateAsync(Wire.Kind kind)
    {
        var file = NewAddress();
        var create = new Wire.Request { File = file, Open = new Wire.OpenFile { Create = true, Kind = kind } };
        create.Epoch = (await AskAsync(create)).Failure.MakeEpoch;
        return (file, (await AskAsync(create)).Opened);
    }

    private protected static Wire.Request Change(string file, Wire.FileOpened opened, Guid client, ulong number) => new()
    {
        File = file,
        FileId = opened.FileId,
        Epoch = opened.Epoch,
        Client = Replies.BytesOf(client),
        Number = number,
    };

    /// <summary>The owner of a file of node 0, which is there.</summary>
    protected Task<IActorRef> OwnerOfAsync(string file) => cluster.Systems[0]
        .ActorSelection($"/system/sharding/aio-disk/{file.Split('/')[0]}/{Uri.EscapeDataString(file)}").ResolveOne(Time);
}
