using Akka.Actor;
using AkkaAio.Cluster.Disks;

namespace AkkaAio.Cluster.Owner;

/// <summary>Answers what concerns a disk as a whole: List, GetStat. The sharded entity whose id is the disk's id and a <c>/</c>.</summary>
internal sealed class DiskOwner : UntypedActor
{
    private static readonly TimeSpan ListLives = TimeSpan.FromSeconds(30);

    private readonly AioClusterExt _cluster;
    private readonly Disk _disk;
    private (string Prefix, string[] Names, DateTime At)? _last; // of a listing that goes on, so that its pages need one walk

    public DiskOwner(AioClusterExt cluster, Disk disk) => (_cluster, _disk) = (cluster, disk);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Wire.Request { OperationCase: Wire.Request.OperationOneofCase.List, List: var list }:
                OnList(list, Sender);
                break;
            case Wire.Request { OperationCase: Wire.Request.OperationOneofCase.GetStat }:
                Run(Sender, () =>
                {
                    var (free, size) = _disk.Space();
                    return new Wire.Reply
                    {
                        Stat = new Wire.Stat { Free = free, Size = size, OpenFiles = _cluster.OpenFiles.Count, Epoch = _disk.Epoch },
                    };
                });
                break;
            case Wire.Request { OperationCase: Wire.Request.OperationOneofCase.None }:
                Sender.Tell(Replies.Unsupported(Replies.UnknownOperation));
                break;
            case Wire.Request request:
                Sender.Tell(Replies.Failure(
                    Wire.FailureKind.FailureBadName, $"{request.File} is a disk, and {request.OperationCase} needs the name of a file"));
                break;
            case Listed listed:
                _last = (listed.Prefix, listed.Names, DateTime.UtcNow);
                Answer(listed.List, listed.Names, listed.Requester);
                break;
            case StopOwner:
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnList(Wire.ListFiles list, IActorRef requester)
    {
        if (list.Most < 1)
        {
            requester.Tell(
                Replies.Failure(Wire.FailureKind.FailureBadArgument, $"{_disk.Id}: a list of {list.Most} names; it is 1 or more"));
        }
        else if (list.After.Length > 0 && _last is { } last && last.Prefix == list.Prefix && DateTime.UtcNow - last.At < ListLives)
        {
            Answer(list, last.Names, requester);
        }
        else
        {
            var self = Self;
            Run(requester, () =>
            {
                self.Tell(new Listed(list, list.Prefix, _disk.List(list.Prefix), requester), ActorRefs.NoSender);
                return null;
            });
        }
    }

    // As many as a message takes.
    private void Answer(Wire.ListFiles list, string[] names, IActorRef requester)
    {
        var found = list.After.Length == 0 ? ~0 : Array.BinarySearch(names, list.After, StringComparer.Ordinal);
        var first = found >= 0 ? found + 1 : ~found;
        var reply = new Wire.Names();
        var room = _cluster.Settings.MaxTransfer;
        var at = first;
        for (; at < names.Length && reply.Names_.Count < list.Most && room > 0; at++)
        {
            reply.Names_.Add(names[at]);
            room -= names[at].Length * 3 + 4;
        }

        reply.More = at < names.Length;
        requester.Tell(new Wire.Reply { Names = reply });
    }

    private void Run(IActorRef requester, Func<Wire.Reply?> action) => _ = _cluster.RunBlocking(() =>
    {
        try
        {
            if (action() is { } reply)
            {
                requester.Tell(reply);
            }
        }
        catch (Exception e)
        {
            requester.Tell(Replies.Failure(e, mayHaveHappened: false));
        }
    });

    private sealed record Listed(Wire.ListFiles List, string Prefix, string[] Names, IActorRef Requester)
        : INoSerializationVerificationNeeded;
}
